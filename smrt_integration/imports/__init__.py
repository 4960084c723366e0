"""Imports: files of customers whom a business had before, read into its records.

`create_import` keeps a file and recognizes its columns, and `control` starts, pauses and cancels.
A worker runs open imports (`run_imports`): it reads lines (`read_lines`), checks each
(`check_line`) and writes them in chunks (`apply_chunk`). `results` has what happened to each line.
`fields` is the one list of what a line may bring.
"""
