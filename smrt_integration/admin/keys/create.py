"""Making a key: first for which client, then what it may do, then the key itself, on the one page that ever shows it.

That page is the answer to the form. A page that is led to would need the key kept somewhere until it is asked for.
"""

import uuid
from typing import Any

from django import forms
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.debug import sensitive_variables
from unfold import widgets

from customers import access
from smrt_integration.admin.keys.descriptions import ALLOWS, FOR, allowed, counts_as
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import DEFAULT_SCOPES, Client

# Signed, so that nobody finds out by it which ids are taken.
SIGNER = Signer(salt="smrt_integration.admin.keys")
STALE = "This form cannot be used any more. Open it again from the list of API keys."


class NewKeyForm(forms.Form):
    """`once` is the id of the key that is to be made: sent twice, as by reloading the page that shows the key, it makes one."""

    name = forms.CharField(
        max_length=100,
        label="Name",
        help_text="To tell it from others, such as the shop or the phone that it is for.",
        error_messages={"required": "Give the key a name."},
        widget=widgets.UnfoldAdminTextInputWidget(
            {"autocomplete": "off", "aria-describedby": "id_name_helptext"}
        ),
    )
    scopes = forms.MultipleChoiceField(
        choices=list(ALLOWS.items()),
        label="What it may do",
        error_messages={"required": "Tick at least one thing that the key may do."},
        widget=forms.CheckboxSelectMultiple,
    )
    once = forms.CharField(widget=forms.HiddenInput({"autocomplete": "off"}))

    def __init__(self, client: Client, businesses: Any, only: int | None, data: Any = None) -> None:
        """`businesses` is the field to choose among those that the user manages; `only` is the one of who has no choice."""
        super().__init__(
            data,
            initial={
                "scopes": sorted(DEFAULT_SCOPES[client]),
                "business": only,
                "once": SIGNER.sign(str(uuid.uuid4())),
            },
        )
        self.fields["business"] = businesses

    def clean_once(self) -> uuid.UUID:
        try:
            return uuid.UUID(SIGNER.unsign(self.cleaned_data["once"]))
        except (BadSignature, ValueError) as error:
            raise forms.ValidationError(STALE) from error


def client_of(request: HttpRequest) -> Client | None:
    """As the address says."""
    asked = request.GET.get("client")
    return Client(asked) if asked in Client.values else None


def choose(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    clients = [(client, FOR[client], counts_as(client)) for client in Client]
    return TemplateResponse(
        request,
        "smrt/keys/choose_client.html",
        context | {"title": "Add an API key", "clients": clients},
    )


@sensitive_variables("secret")
def make(
    request: HttpRequest, client: Client, businesses: Any, options: Any, context: dict[str, Any]
) -> HttpResponse:
    """Raises IntegrityError when this form has made its key already."""
    form = NewKeyForm(
        client,
        businesses,
        access.only_business_of(request.user),
        request.POST if request.method == "POST" else None,
    )
    context |= {"client": client, "form": form, "for": FOR[client], "counts_as": counts_as(client)}
    if not form.is_valid():
        return TemplateResponse(
            request,
            "smrt/keys/new.html",
            context | {"title": f"Add an API key: {client.label.lower()}"},
        )
    given = form.cleaned_data
    key, secret = ApiKey.issue(
        given["business"], client, given["name"], given["scopes"], uuid=given["once"]
    )
    options.log_addition(request, key, f"Made, to {', '.join(allowed(key.scopes))}.")
    return TemplateResponse(
        request,
        "smrt/keys/created.html",
        context | {"title": "Your new API key", "key": key, "secret": secret},
    )
