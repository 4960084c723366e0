"""A private PostgreSQL and Redis for development and tests.

`python -m devtools.services exec -- COMMAND` runs a command with DATABASE_URL and REDIS_URL set
(`command`). `postgres` and `redis` are the servers; `process` starts and ends them, with the help
of `launch`; `folders` are their temporary folders and `ports` finds them a port. No module here
imports Django, because the settings need the servers' addresses.
"""
