"""Pages of other applications, in our theme and for support alone: schedules, failed logins."""

from typing import TYPE_CHECKING, Any

import axes.admin
import django_celery_beat.admin
from django.contrib import admin
from django_celery_beat.models import PeriodicTask
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


class ScheduleForm(PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = widgets.UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


for model, options in list(admin.site._registry.items()):
    if type(options).__module__ in {other.__name__ for other in OTHER_ADMINS}:
        attributes = {"form": ScheduleForm} if model is PeriodicTask else {}
        admin.site.unregister(model)
        admin.site.register(
            model, type(type(options).__name__, (type(options), SupportAdmin), attributes)
        )
