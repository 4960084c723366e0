"""`python -m devtools.services exec -- python -m devtools.log_dictionary FILE`: train a dictionary.

The send log compresses messages with it (events.packed_messages). It is trained with the messages
that the demo's send log has, in an empty database at DATABASE_URL. Never write it over a
dictionary that a release has: stored messages could not be read any more.
"""

import os
import sys
from io import StringIO
from pathlib import Path
from typing import Final

import zstandard

BYTES: Final = 4_096
"""Twice as many save a tenth more and take more memory in each process."""


def main(path: Path) -> None:
    if path.exists():
        sys.exit(f"{path} exists already. Name a new file.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from events.models import SendLog
    from events.packed_messages import with_marks

    call_command("migrate", verbosity=0)
    call_command("seed_demo", stdout=StringIO())
    bodies = [with_marks(entry.body, entry.row_values) for entry in SendLog.objects.all()]
    samples: list[bytes | bytearray | memoryview] = [body.encode() for body in bodies if body]
    path.write_bytes(zstandard.train_dictionary(BYTES, samples).as_bytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
