#!/usr/bin/env python
import os
import sys
from pathlib import Path

import environ


def main() -> None:
    if sys.argv[1:] == ["new_field_key"]:
        # FIELD_KEYS is a required setting, so its first key is created without the settings.
        from events.management.commands.new_field_key import Command

        sys.stdout.write(f"{Command().handle()}\n")
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")
    if "DATABASE_URL" not in os.environ:
        # Use the servers of `make run` while it is running.
        environ.FileAwareEnv.read_env(Path(__file__).resolve().parent / ".dev" / "environment")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
