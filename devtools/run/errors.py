class RunError(Exception):
    """Why `make run` ends: one sentence, and below it the last lines of a program, if any."""
