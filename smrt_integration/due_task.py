"""The class of all our tasks: it leaves out what is stale, and outlives a database that is away."""

from typing import Any, Final

from celery import Task
from django.db import Error

from customers.outages import Outage
from events import stale_tasks
from smrt_integration import unavailable

outage: Final = Outage("database", used_for="tasks")


class DueTask(Task):  # type: ignore[type-arg]  # the stubs alone have parameters
    """A task that finds in the database what is due. The next tick repeats one that is left out."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        number = self.request.get(stale_tasks.NUMBER_HEADER)
        try:
            if not stale_tasks.begin_run(self.name, kwargs, number):
                return "nothing to do: another run began since"
            result = super().__call__(*args, **kwargs)
        except Error as error:
            if not unavailable.is_away(error):
                raise
            outage.failed(unavailable.name_of(error))
            return "the database is away"
        outage.worked()
        return result
