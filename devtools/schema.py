"""`python -m devtools.schema`: print the schema of the database at DATABASE_URL.

At a release, the schema of that version is kept in `tests/schema/`, and a test upgrades it to
the present one. It holds the tables and which migrations were applied, no other rows. Monthly
partitions are left out: `migrate` creates them.
"""

import os
import re
import subprocess

from devtools.services.postgres import binary

PARTITIONS = ("events_sendlog_2*", "events_deliveryattempt_2*")
APPLIED = "django_migrations"


def dump_schema(database_url: str) -> str:
    """Return the schema as SQL, without the lines that differ from one dump to the next."""
    excluded = [f"--exclude-table={pattern}" for pattern in PARTITIONS]
    return _dump(database_url, "--schema-only", *excluded)


def dump_applied_migrations(database_url: str) -> str:
    return _dump(database_url, "--data-only", "--inserts", f"--table={APPLIED}")


def _dump(database_url: str, *options: str) -> str:
    command = [binary("pg_dump"), "--no-owner", "--no-privileges", *options, database_url]
    sql = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # pg_dump adds versions as comments, and a random word against injection
    lines = (line for line in sql.splitlines() if not re.match(r"--|\\(un)?restrict ", line))
    return re.sub(r"\n{2,}", "\n\n", "\n".join(lines)).strip() + "\n"


if __name__ == "__main__":
    url = os.environ["DATABASE_URL"]
    print(dump_schema(url) + dump_applied_migrations(url), end="")
