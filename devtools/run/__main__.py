"""`python -m devtools.run`: run everything on this machine until Ctrl-C."""

import sys

from devtools.run import system
from devtools.run.start import main

if __name__ == "__main__":
    sys.exit(main(system.PROJECT, system.steps(), system.programs))
