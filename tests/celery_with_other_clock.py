"""Run `celery` on a machine whose clock is ahead by CLOCK_AHEAD seconds."""

import os
from datetime import UTC, datetime, timedelta

import time_machine
from celery.__main__ import main

if __name__ == "__main__":
    ahead = timedelta(seconds=float(os.environ["CLOCK_AHEAD"]))
    time_machine.travel(datetime.now(UTC) + ahead, tick=True).start()
    main()
