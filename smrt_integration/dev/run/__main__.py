"""`python -m smrt_integration.dev.run`: everything on one machine, until Ctrl-C."""

import sys

from smrt_integration.dev.run import system
from smrt_integration.dev.run.start import main

if __name__ == "__main__":
    sys.exit(main(system.PROJECT, system.steps(), system.programs))
