"""Exports: files of the send log that users asked for.

A worker writes an export in parts, so that no web thread and no long transaction is held while
one is made, however long it is. `request_export` adds one, `write_parts` writes the open ones,
`csv_lines` says what is in them, `files` keeps the files, and `download` sends one to a browser.
"""
