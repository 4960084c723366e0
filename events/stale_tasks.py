"""Let tasks pile up in the broker without harm, and without asking a clock.

When no worker ran for hours, the broker holds the ticks and wake-ups of these hours. Each task
finds in the database what is due, so the first run of a task does the work of all that were
published before it began. A number tells which were: PostgreSQL gives one to each task as it is
published, and one to each run as it begins. Machines' clocks differ, so no time can tell it.

Besides, nobody publishes more while MAX_WAITING_TASKS wait: those will find the same work.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from django.db import connection
from kombu import Queue

NUMBER_HEADER: Final = "smrt_number"
"""The header of a task's broker message that holds its number."""
MAX_WAITING_TASKS: Final = 100
"""Beat publishes less than one a second. In normal times fewer than ten wait; a hundred that have
nothing to do take a worker a fraction of a second."""

NEXT_NUMBER: Final = "SELECT nextval('events_task_number')"
# No row is returned if a run has begun since the task was published.
BEGIN_RUN: Final = """
INSERT INTO events_taskrun AS r (task, number) VALUES (%s, nextval('events_task_number'))
ON CONFLICT (task) DO UPDATE SET number = EXCLUDED.number WHERE r.number < %s
RETURNING r.number
"""


def next_number() -> int:
    """Return the number for a task that is about to be published."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_NUMBER)
        return int(cursor.fetchone()[0])


def begin_run(task: str, arguments: Mapping[str, Any], number: int | None) -> bool:
    """Note that a run begins. Returns False if the task is stale: then the run is left out.

    A task without a number, which somebody started by hand, is never stale.
    """
    if number is None:
        return True
    name = f"{task} {json.dumps(arguments, sort_keys=True)}" if arguments else task
    with connection.cursor() as cursor:
        cursor.execute(BEGIN_RUN, [name, number])
        return cursor.fetchone() is not None


def has_room(queue: Queue, channel: Any) -> bool:
    """Return whether fewer than MAX_WAITING_TASKS wait in this queue of the broker."""
    declared = channel.queue_declare(
        queue=queue.name,
        durable=queue.durable,
        exclusive=queue.exclusive,
        auto_delete=queue.auto_delete,
        arguments=queue.queue_arguments,
    )
    return bool(declared.message_count < MAX_WAITING_TASKS)
