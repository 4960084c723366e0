"""`python -m tests.devtools.run.sample_run FOLDER JSON`: `make run` with sample programs.

The JSON is {"steps": [...], "programs": [...]}. Each is [name, python code], or with further
arguments of `Program` [name, python code, {...}].
"""

import json
import sys
from pathlib import Path
from typing import Any

from devtools.run.program import Program
from devtools.run.start import main


def program(name: str, code: str, more: dict[str, Any] | None = None) -> Program:
    return Program(name, (sys.executable, "-u", "-c", code), **more or {})


if __name__ == "__main__":
    parts = json.loads(sys.argv[2])
    steps = [program(*part) for part in parts["steps"]]
    sys.exit(
        main(
            Path(sys.argv[1]), steps, lambda _chosen: [program(*part) for part in parts["programs"]]
        )
    )
