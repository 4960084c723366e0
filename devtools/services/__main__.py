"""`python -m devtools.services exec [-c NAME=VALUE]... -- COMMAND...`"""

import argparse
import sys

from devtools.services.command import run
from devtools.services.process import ServerError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m devtools.services", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="exec")
    verb = verbs.add_parser(
        "exec",
        help="run COMMAND with DATABASE_URL and REDIS_URL; the servers stop when it ends",
    )
    verb.add_argument(
        "-c",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="settings",
        help="a PostgreSQL setting",
    )
    verb.add_argument("command", nargs="+", metavar="COMMAND")
    arguments = parser.parse_args()
    try:
        return run(arguments.command, dict(setting.split("=", 1) for setting in arguments.settings))
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
