"""Pages of other applications, in our theme and for support alone: schedules, failed logins."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import axes.admin
import django_celery_beat.admin
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat.models import PeriodicTask
from kombu.exceptions import OperationalError
from unfold import widgets

from customers.admin_base import SupportAdmin

# Importing these modules registers their pages.
OTHER_ADMINS = (axes.admin, django_celery_beat.admin)


if TYPE_CHECKING:
    from django.forms import ModelForm, Select

    PeriodicTaskForm = ModelForm[PeriodicTask]

    class TaskSelect(Select):
        pass
else:
    PeriodicTaskForm = django_celery_beat.admin.PeriodicTaskForm

    class TaskSelect(widgets.UnfoldAdminSelectWidget, django_celery_beat.admin.TaskSelectWidget):
        """The names of our tasks, in our theme."""


class BrokerMayBeAway:
    """Mixin for the library's page of schedules: its action publishes tasks."""

    message_user: Callable[..., None]

    def run_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        try:
            super().run_tasks(request, queryset)  # type: ignore[misc]
        except OperationalError:
            self.message_user(
                request,
                "The broker does not answer, so not all of these tasks were started. Try again.",
                messages.ERROR,
            )


class ScheduleForm(PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = widgets.UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


for model, options in list(admin.site._registry.items()):
    if type(options).__module__ in {other.__name__ for other in OTHER_ADMINS}:
        bases: tuple[type, ...] = (type(options), SupportAdmin)
        attributes = {}
        if model is PeriodicTask:
            bases, attributes = (BrokerMayBeAway, *bases), {"form": ScheduleForm}
        admin.site.unregister(model)
        admin.site.register(model, type(type(options).__name__, bases, attributes))
