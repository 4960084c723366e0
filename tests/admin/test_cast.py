"""The cast walks every page of the admin: what is another business's does not exist for them, and helpers change nothing.

Pages are found, not listed: a new one is walked by itself. One that cannot be is named, with what to add here.
"""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models
from django.http import HttpRequest
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, reverse

from customers.admin_base import ScopedAdmin
from customers.models import Membership
from tests.admin.conftest import logged_in, member
from tests.admin.stage import Stage, scoped_models

pytestmark = pytest.mark.django_db

MINE, THEIRS = "Quokka", "Zebu"
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
SCOPED = sorted(scoped_models(), key=lambda model: model._meta.label)
SUPPORTS = [model for model in MODELS if model not in SCOPED]
NOBODY = 999_999_999
STANDARD = ("changelist", "add", "history", "delete", "change", "autocomplete")


@pytest.fixture
def mine() -> Stage:
    return Stage(MINE)


@pytest.fixture
def theirs() -> Stage:
    return Stage(THEIRS)


@pytest.fixture(params=["owner", "helper"])
def who(request: pytest.FixtureRequest, mine: Stage) -> User:
    return member(request.param, mine.business, request.param)


@pytest.fixture
def client(who: User, theirs: Stage) -> Client:
    return logged_in(who)


def name_of(model: type[models.Model], page: str) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"


def said(response: Any) -> str:
    """Everything in the answer: a streamed export too."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(response.headers) + content.decode()


def request_of(user: User) -> HttpRequest:
    request = HttpRequest()
    request.user = user
    return request


def same_but_for(number: Any, answer: Any) -> tuple[int, str]:
    """An answer without what differs from one request to the next, and without the id that was asked for."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = re.sub(r'csrfmiddlewaretoken" value="[^"]*"|nonce="[^"]*"', "", answer.headers.get("Location", "") + content.decode())
    return answer.status_code, re.sub(rf"\b{number}\b", "N", text)


def test_lists_searches_and_filters_show_nothing_of_another_business(client: Client, mine: Stage, subtests: pytest.Subtests) -> None:
    for model in SCOPED:
        with subtests.test(model=model.__name__):
            address = reverse(name_of(model, "changelist"))
            page = client.get(address, follow=True)

            assert page.status_code == 200
            assert THEIRS not in said(page)
            for query in queries(page, model):
                found = client.get(f"{address}{query}", follow=True)
                assert found.status_code in {200, 400}, query
                assert THEIRS not in said(found).replace(query, ""), query


def queries(page: Any, model: type[models.Model]) -> Iterator[str]:
    """The list's own filters, searches for the other business, and questions that nobody was meant to ask."""
    yield f"?q={MINE}"
    site: Any = admin.site._registry[model]
    changelist = page.context and page.context.get("cl")
    if changelist:
        for spec in getattr(changelist, "filter_specs", ()):
            for choice in spec.choices(changelist):
                if "query_string" in choice:
                    yield choice["query_string"]
    # refused, which Django answers with 400
    yield f"?{site.business_path}__name__startswith=Z"


def test_a_search_for_somebody_elses_finds_nothing(client: Client, mine: Stage, theirs: Stage, subtests: pytest.Subtests) -> None:
    """Neither their name nor the number of their rows."""
    for model in SCOPED:
        with subtests.test(model=model.__name__):
            address = reverse(name_of(model, "changelist"))
            row = theirs.rows(model).first()

            found = client.get(address, {"q": THEIRS}, follow=True)

            shown = said(found).replace(f'value="{THEIRS}"', "").replace(f"q={THEIRS}", "")
            assert row is not None
            assert reverse(name_of(model, "change"), args=[row.pk]) not in shown


def test_what_is_anothers_answers_as_what_does_not_exist(client: Client, theirs: Stage, subtests: pytest.Subtests) -> None:
    for model, page in product(SCOPED, ("change", "delete", "history")):
        with subtests.test(model=model.__name__, page=page):
            row = theirs.rows(model).first()
            assert row is not None
            before = theirs.everything()

            for method in (client.get, client.post):
                answers = [same_but_for(number, method(reverse(name_of(model, page), args=[number]))) for number in (row.pk, NOBODY)]
                assert answers[0] == answers[1]
            assert theirs.everything() == before


def test_ones_own_pages_open_and_name_nobody_else(client: Client, who: User, mine: Stage, subtests: pytest.Subtests) -> None:
    for model in SCOPED:
        with subtests.test(model=model.__name__):
            row = mine.rows(model).first()
            site = admin.site._registry[model]
            assert row is not None

            for page, args in (("change", [row.pk]), ("history", [row.pk]), ("delete", [row.pk]), ("add", [])):
                answer = client.get(reverse(name_of(model, page), args=args))
                allowed = {"add": site.has_add_permission, "delete": site.has_delete_permission}.get(page)
                expected = 200 if allowed is None or allowed(request_of(who), *([row] if args else [])) else 403
                assert answer.status_code == expected, page
                assert THEIRS not in said(answer)


def test_no_choice_is_anothers(client: Client, who: User, mine: Stage, theirs: Stage, subtests: pytest.Subtests) -> None:
    """Neither in an autocomplete nor when the form is sent with the number of another's row."""
    for model in SCOPED:
        with subtests.test(model=model.__name__):
            site: Any = admin.site._registry[model]
            for field in site.get_autocomplete_fields(request_of(who)):
                asked = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field}
                for term in ("", THEIRS):
                    answer = client.get(reverse("admin:autocomplete"), asked | {"term": term})
                    assert THEIRS not in said(answer)
            form = site.get_form(request_of(who), None, change=False)()
            for name, field in form.fields.items():
                choices = getattr(field, "queryset", None)
                if choices is not None:
                    assert THEIRS not in " ".join(map(str, choices)), name


def test_no_action_reaches_anothers_rows(client: Client, who: User, mine: Stage, theirs: Stage, subtests: pytest.Subtests) -> None:
    for model in SCOPED:
        with subtests.test(model=model.__name__):
            site: Any = admin.site._registry[model]
            before = theirs.everything()
            numbers = [str(row.pk) for row in theirs.rows(model)]

            for name in site.get_actions(request_of(who)):
                for more in ({}, {"post": "yes"}, {"select_across": "1"}):
                    answer = client.post(
                        reverse(name_of(model, "changelist")), {"action": name, "_selected_action": numbers, "index": "0"} | more
                    )
                    assert answer.status_code in {200, 302, 403}, name
                    assert THEIRS not in said(answer), name
            assert theirs.everything() == before


def own_pages(model: type[models.Model]) -> Iterator[URLPattern]:
    """What an admin adds to Django's own pages."""
    for pattern in admin.site._registry[model].get_urls():
        if pattern.name and not any(pattern.name == name_of(model, page)[6:] for page in STANDARD):
            yield pattern


def test_pages_of_our_own_show_and_change_nothing_of_another_business(client: Client, theirs: Stage, subtests: pytest.Subtests) -> None:
    """They take one number, of a row of the model, or nothing. For others, say here what to call them with."""
    for model in SCOPED:
        with subtests.test(model=model.__name__):
            row = theirs.rows(model).first()
            assert row is not None
            before = theirs.everything()

            for pattern in own_pages(model):
                converters = list(pattern.pattern.converters)
                for method in (client.get, client.post):
                    # shows what earlier answers had to say, and nobody has read yet
                    client.get(reverse("admin:index"))
                    answers = []
                    for number in (row.pk, NOBODY):
                        try:
                            address = reverse(f"admin:{pattern.name}", args=[number] * len(converters))
                        except NoReverseMatch as error:
                            pytest.fail(f"How is {pattern.name} called? {error}")
                        # a page that takes no number may well have that one on it
                        answers.append(same_but_for(number if converters else NOBODY, method(address)))
                    assert THEIRS not in answers[0][1], pattern.name
                    assert answers[0] == answers[1], pattern.name
            assert theirs.everything() == before


def test_a_helper_changes_nothing(mine: Stage, subtests: pytest.Subtests) -> None:
    client = logged_in(member("henry", mine.business, Membership.Role.HELPER))
    before = mine.everything()
    for model in SCOPED:
        row = mine.rows(model).first()
        assert row is not None
        for page, args in (("add", []), ("change", [row.pk]), ("delete", [row.pk])):
            with subtests.test(model=model.__name__, page=page):
                answer = client.post(reverse(name_of(model, page), args=args), {"post": "yes", "name": "changed"})
                assert answer.status_code == 403
    assert mine.everything() == before


@pytest.mark.parametrize("model", SUPPORTS, ids=lambda model: model._meta.label)
def test_what_is_supports_is_closed_to_owners(model: type[models.Model], mine: Stage) -> None:
    client = logged_in(member("olivia", mine.business, Membership.Role.OWNER))

    assert client.get(reverse(name_of(model, "changelist"))).status_code == 403
    assert client.get(reverse(name_of(model, "change"), args=[NOBODY])).status_code in {302, 403}


def test_every_page_is_scoped_or_supports() -> None:
    """A page registered without a scope shows everybody's rows to whoever may open it, so no group may."""
    unscoped = [model for model, site in admin.site._registry.items() if not isinstance(site, ScopedAdmin)]
    from django.contrib.auth.models import Permission

    open_to_groups = Permission.objects.filter(group__name__in=["Business owners", "Business helpers"]).select_related("content_type")
    models_open = {permission.content_type.model_class() for permission in open_to_groups}

    assert models_open.isdisjoint(unscoped)
    assert models_open == set(SCOPED)


def test_support_sees_both(mine: Stage, theirs: Stage, support: User) -> None:
    text = said(logged_in(support).get(reverse("admin:customers_customer_changelist")))

    assert MINE in text
    assert THEIRS in text


def test_the_first_page_names_nobody_else(client: Client) -> None:
    answer = client.get(reverse("admin:index"))

    assert answer.status_code == 200
    assert MINE in said(answer)
    assert THEIRS not in said(answer)


def test_without_logging_in_every_page_leads_to_the_login(mine: Stage) -> None:
    for model in MODELS:
        answer = Client().get(reverse(name_of(model, "changelist")))
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, reverse("admin:login"))
