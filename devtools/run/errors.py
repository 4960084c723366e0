class RunError(Exception):
    """Why `make run` ends: one sentence for whoever typed it, and below it at most the last lines that a program wrote."""
