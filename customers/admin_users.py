"""The pages of users and groups, in the theme and for support only."""

from typing import TYPE_CHECKING

import unfold.admin
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from customers.admin_base import SupportAdmin
from customers.models import Membership

if TYPE_CHECKING:
    MembershipsInline = admin.TabularInline[Membership, User]

    class Users(UserAdmin[User]):
        pass

    class Groups(GroupAdmin):
        pass
else:
    MembershipsInline = unfold.admin.TabularInline

    class Users(UserAdmin, SupportAdmin):
        """Django's pages, in the theme."""

    class Groups(GroupAdmin, SupportAdmin):
        """Django's pages, in the theme."""


class Memberships(MembershipsInline):
    """The user's businesses: owners may do everything there, helpers may view and resend."""

    model = Membership
    extra = 0
    autocomplete_fields = ("business",)


admin.site.unregister([User, Group])


@admin.register(User)
class StaffAdmin(Users):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (Memberships,)


@admin.register(Group)
class RoleAdmin(Groups):
    pass
