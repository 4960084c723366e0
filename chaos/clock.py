"""A wrong clock for one program: a library that it preloads, built when it is needed."""

import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")


def can_be_wrong() -> bool:
    """Return whether there is a C compiler."""
    return shutil.which("cc") is not None


def build(folder: Path) -> Path:
    """Return the library for LD_PRELOAD, in `folder`."""
    library = folder / "clock.so"
    if not library.exists():
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"],
            check=True,
            capture_output=True,
        )
    return library
