"""Walking the admin as one of the cast: every page there is, found and not listed, and what on it should not be there."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import models, transaction
from django.http import HttpRequest
from django.test import Client
from django.urls import URLPattern, reverse

from customers.admin_base import ScopedAdmin
from customers.models import Brand, Business, Customer
from events.models import SendLog
from smrt_integration.api.models import ApiKey
from tests.admin.conftest import logged_in
from tests.admin.forms import shown
from tests.admin.stage import FAR, NOBODY, Stage

OBJECTS = ("change", "delete", "history", "")
"""Django's pages of one row; the last leads to the first."""
RANDOM = re.compile(
    r'csrfmiddlewaretoken" value="[^"]*"|nonce="[^"]*"|csrftoken=\w+|[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}'
)
"""What differs from one answer to the next."""
STANDARD = ("changelist", "add", "change", "delete", "history")


@dataclass(frozen=True)
class Call:
    """How one of our own pages is called: whose number is in its address, and which of its parameters name a row or search for one."""

    number_of: type[models.Model] | None = None
    names: Mapping[str, type[models.Model]] = field(default_factory=dict)
    searches: tuple[str, ...] = ()
    posted: Mapping[str, str] = field(default_factory=dict)
    helpers_may_post: bool = False


MESSAGES: dict[str, Any] = {
    "names": {"business": Business, "brand": Brand},
    "searches": ("q", "business"),
}
OURS: Mapping[str, Call] = {
    "index": Call(names={"business": Business}, searches=("q", "business")),
    "customers_customer_timeline": Call(Customer),
    "customers_customer_links": Call(Customer),
    "events_integration_waiting": Call(Business),
    "events_integration_preview": Call(Business, names={"customer": Customer}, searches=("q",)),
    "events_integration_test": Call(Business),
    "events_outgoing_changelist": Call(**MESSAGES),
    "events_sendlog_changelist": Call(
        **MESSAGES, posted={"action": "send_again"}, helpers_may_post=True
    ),
    "events_sendlog_export": Call(**MESSAGES),
    "events_sendlog_resend": Call(**MESSAGES, helpers_may_post=True),
    "events_sendlog_resend_one": Call(SendLog, helpers_may_post=True),
    "smrt_integration_apikey_revoke": Call(ApiKey),
}
UNKNOWN = (
    "{name}: say in OURS (tests/admin/walk.py) which row's number its address takes, which of its parameters name a row or search for one, "
    "and whether helpers may post to it. Then the cast walks it."
)


def said(response: Any) -> str:
    """Everything in the answer, a streamed export and what the next page is to say too."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    told = " ".join(str(message) for message in get_messages(response.wsgi_request))
    return f"{response.headers} {told} {content.decode()}"


@dataclass
class Walk:
    """As `user`, who belongs to `mine` and not to `theirs`. `wrong` is what was found."""

    user: User
    mine: Stage
    theirs: Stage
    site: Any = admin.site
    wrong: list[str] = field(default_factory=list)
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = logged_in(self.user)
        self.request = HttpRequest()
        self.request.user = self.user

    # what there is

    def scoped(self) -> Iterator[tuple[type[models.Model], Any]]:
        """What owners may look at; a page that another class serves too, if somebody lets them."""
        for model, options in sorted(
            self.site._registry.items(), key=lambda found: found[0]._meta.label
        ):
            if isinstance(options, ScopedAdmin) or options.has_view_permission(self.request):
                yield model, options

    def own_pages(self) -> Iterator[str]:
        """By name, what an admin adds to Django's pages."""
        for model, options in self.site._registry.items():
            for pattern in options.get_urls():
                if (
                    isinstance(pattern, URLPattern)
                    and pattern.name
                    and pattern.name not in self.standard(model)
                ):
                    yield pattern.name

    def standard(self, model: type[models.Model]) -> list[str]:
        return [f"{model._meta.app_label}_{model._meta.model_name}_{page}" for page in STANDARD]

    def address(self, model: type[models.Model], page: str, *numbers: Any) -> str:
        found = reverse(
            f"admin:{model._meta.app_label}_{model._meta.model_name}_{page or 'change'}",
            args=numbers,
        )
        return found if page else found.removesuffix("change/")

    def number(self, stage: Stage, model: type[models.Model]) -> int:
        row = stage.rows(model).first()
        assert row is not None, (
            f"Put a row of {model._meta.label} on the stage (tests/admin/stage.py)."
        )
        number: int = row.pk
        return number

    # what is asked, and what is wrong about the answer

    def ask(
        self,
        address: str,
        asked: Mapping[str, Any] | None = None,
        post: bool = False,
        statuses: tuple[int, ...] = (200,),
    ) -> Any:
        response = (
            self.client.post(address, asked)
            if post
            else self.client.get(address, asked, follow=True)
        )
        found = set(re.findall(rf"(?i){self.theirs.mark}|{self.theirs.numbers}", said(response)))
        self._note(bool(found), f"{address} {asked or ''} shows {found}")
        self._note(
            response.status_code not in statuses,
            f"{address} {asked or ''} answers {response.status_code}",
        )
        return response

    def compare(
        self, address: str, number: int, asked: Mapping[str, Any] | None = None, post: bool = False
    ) -> None:
        """`NUMBER` in what is asked stands for another's row, and then for none: nobody may tell them apart."""
        answers = []
        for one in (number, NOBODY):
            values = {
                name: str(one) if value == "NUMBER" else value
                for name, value in (asked or {}).items()
            }
            with transaction.atomic():
                response = (self.client.post if post else self.client.get)(
                    address.replace("NUMBER", str(one)), values
                )
                transaction.set_rollback(True)
            self.client.cookies.pop("messages", None)
            answers.append(
                (response.status_code, RANDOM.sub("", said(response)).replace(str(one), "NUMBER"))
            )
        differing = [
            f"{a[:200]} / {b[:200]}"
            for a, b in zip(*(text.splitlines() for _, text in answers), strict=False)
            if a != b
        ]
        self._note(
            answers[0] != answers[1],
            f"{address} {asked or ''} answers otherwise for another's than for none: {differing[:3]}",
        )
        self._note(
            self.theirs.mark.lower() in answers[0][1].lower(),
            f"{address} {asked or ''} shows {self.theirs.mark}",
        )
        self._note(answers[0][0] >= 500, f"{address} {asked or ''} answers {answers[0][0]}")

    def _note(self, is_wrong: bool, what: str) -> None:
        what = re.sub(r"'csrfmiddlewaretoken'.*?, ", "", what)
        if is_wrong:
            self.wrong.append(what)

    # the ways

    def lists(self) -> None:
        for model, _ in self.scoped():
            address = self.address(model, "changelist")
            changelist = (self.ask(address).context or {}).get("cl")
            for asked in (
                {"q": self.theirs.mark[:-1]},
                {"q": self.mine.mark, "_popup": "1", "_to_field": "id"},
                {"o": "1"},
                {"all": ""},
            ):
                self.ask(address, asked, statuses=(200, 400))
            for spec in getattr(changelist, "filter_specs", ()):
                self._filters(address, spec, changelist)

    def _filters(self, address: str, spec: Any, changelist: Any) -> None:
        for choice in spec.choices(changelist):
            for name, form_field in getattr(choice.get("form"), "fields", {}).items():
                offered = (
                    []
                    if hasattr(form_field, "queryset")
                    else [value for value, _ in getattr(form_field, "choices", ())]
                )
                for value in offered:
                    self.ask(address, {name: value})
            if "query_string" in choice:
                self.ask(address + choice["query_string"])
        if getattr(getattr(spec, "field", None), "is_relation", False):
            number = self.number(self.theirs, spec.field.remote_field.model)
            self.compare(address, number, {spec.lookup_kwarg: "NUMBER"})

    def lookups(self) -> None:
        """Questions that no page asks, put into the address."""
        for model, _ in self.scoped():
            relations: list[Any] = [
                column for column in model._meta.concrete_fields if column.is_relation
            ]
            for relation in relations:
                asked = {f"{relation.name}__name__startswith": self.theirs.mark[:-1]}
                self.ask(self.address(model, "changelist"), asked, statuses=(200, 400))
                if (
                    relation.remote_field.model in self.site._registry
                    and self.theirs.rows(relation.remote_field.model).exists()
                ):
                    number = self.number(self.theirs, relation.remote_field.model)
                    self.compare(
                        self.address(model, "changelist"), number, {relation.name: "NUMBER"}
                    )
                    self.compare(self.address(model, "add"), number, {relation.name: "NUMBER"})

    def rows(self) -> None:
        """One's own."""
        for model, options in self.scoped():
            row = self.mine.rows(model).first()
            opens = {
                "add": options.has_add_permission(self.request),
                "delete": options.has_delete_permission(self.request, row),
            }
            for page in ("add", *OBJECTS):
                numbers = [] if page == "add" else [self.number(self.mine, model)]
                self.ask(
                    self.address(model, page, *numbers),
                    statuses=(200,) if opens.get(page, True) else (403,),
                )

    def others_rows(self) -> None:
        for model, _ in self.scoped():
            for page in OBJECTS:
                for post in (False, True):
                    self.compare(
                        self.address(model, page, FAR).replace(str(FAR), "NUMBER"),
                        self.number(self.theirs, model),
                        post=post,
                    )
            self.compare(
                self.address(model, "change", FAR).replace(str(FAR), "NUMBER") + "?_to_field=id",
                self.number(self.theirs, model),
            )

    def choices(self) -> None:
        """Whatever an autocomplete can be asked, whether a form has it or not."""
        address = reverse("admin:autocomplete")
        for model in apps.get_models():
            for relation in (
                column for column in model._meta.concrete_fields if column.is_relation
            ):
                asked = {
                    "app_label": model._meta.app_label,
                    "model_name": model._meta.model_name,
                    "field_name": relation.name,
                }
                for term in ("", self.theirs.mark[:-1]):
                    self.ask(address, {**asked, "term": term}, statuses=(200, 403, 404))

    def ours(self, post: bool = False) -> None:
        for name, call in OURS.items():
            address = reverse(f"admin:{name}", args=[FAR] if call.number_of else []).replace(
                str(FAR), "NUMBER"
            )
            posted = dict(call.posted) if post else {}
            if call.number_of:
                self.compare(address, self.number(self.theirs, call.number_of), posted, post=post)
                address = address.replace("NUMBER", str(self.number(self.mine, call.number_of)))
            if not post:
                self.ask(address, statuses=(200, 403, 405))
            for parameter in call.searches:
                self.ask(
                    f"{address}?{parameter}={self.theirs.mark[:-1]}", statuses=(200, 403, 404, 405)
                )
            for parameter, model in call.names.items():
                self.compare(
                    f"{address}?{parameter}=NUMBER",
                    self.number(self.theirs, model),
                    posted,
                    post=post,
                )

    def ours_posted(self) -> None:
        self.ours(post=True)

    def actions(self) -> None:
        for model, options in self.scoped():
            address, number = self.address(model, "changelist"), self.number(self.theirs, model)
            for name in [
                *options.get_actions(self.request),
                *filter(None, [OURS.get(self.standard(model)[0], Call()).posted.get("action")]),
            ]:
                for more in ({}, {"post": "yes"}, {"post": "yes", "select_across": "1"}):
                    self.compare(
                        address,
                        number,
                        {"action": name, "_selected_action": "NUMBER", "index": "0", **more},
                        post=True,
                    )

    def forms(self) -> None:
        """Each sent as its page shows it, but with the number of another's row in each of its choices."""
        for model, _ in self.scoped():
            address = self.address(model, "change", self.number(self.mine, model))
            page = self.client.get(address)
            unchanged = shown(page.content.decode(), f"{model._meta.model_name}_form")
            for name, choice in self._choices_of(page):
                if name in unchanged:
                    self.compare(
                        address,
                        self.number(self.theirs, choice),
                        {**unchanged, name: "NUMBER"},
                        post=True,
                    )

    def _choices_of(self, page: Any) -> Iterator[tuple[str, type[models.Model]]]:
        context = page.context or {}
        forms = [context["adminform"].form] if context.get("adminform") else []
        forms += [
            form
            for inline in context.get("inline_admin_formsets", ())
            for form in inline.formset.forms
        ]
        for form in forms:
            for name, choice in form.fields.items():
                if hasattr(choice, "queryset"):
                    yield form.add_prefix(name), choice.queryset.model


WAYS: tuple[Callable[[Walk], None], ...] = (
    *(
        Walk.lists,
        Walk.lookups,
        Walk.rows,
        Walk.others_rows,
        Walk.choices,
        Walk.ours,
        Walk.ours_posted,
        Walk.actions,
        Walk.forms,
    ),
)
