"""A private PostgreSQL and Redis for development and tests: `python -m devtools.services exec -- COMMAND`.

Imports no Django, so that it can start what the settings then name.
"""
