"""Creating a key: choose a client, choose what the key may do, then see the key once.

The key is in the response to the form. A redirect would need the key to be stored in between.
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
from smrt_integration.admin.keys.descriptions import (
    CLIENT_PURPOSES,
    SCOPE_LABELS,
    client_effects,
    scope_labels,
)
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import DEFAULT_SCOPES, Client

# Signed, so that nobody can use the form to find out which ids exist.
SIGNER = Signer(salt="smrt_integration.admin.keys")
STALE_FORM = "This form is out of date. Open it again from the list of API keys."


class NewKeyForm(forms.Form):
    """`once` is the id of the key to create.

    A form sent twice, for example by reloading the page that shows the key, creates one key.
    """

    name = forms.CharField(
        max_length=100,
        label="Name",
        help_text="To recognise the key, for example the store or the phone it is for.",
        error_messages={"required": "Give the key a name."},
        widget=widgets.UnfoldAdminTextInputWidget(
            {"autocomplete": "off", "aria-describedby": "id_name_helptext"}
        ),
    )
    scopes = forms.MultipleChoiceField(
        choices=list(SCOPE_LABELS.items()),
        label="What it may do",
        error_messages={"required": "Tick at least one thing the key may do."},
        widget=forms.CheckboxSelectMultiple,
    )
    once = forms.CharField(widget=forms.HiddenInput({"autocomplete": "off"}))

    def __init__(self, client: Client, businesses: Any, only: int | None, data: Any = None) -> None:
        """`businesses` is the field with the businesses the user manages.

        `only` is the id of the one business, for a user with no choice.
        """
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
            raise forms.ValidationError(STALE_FORM) from error


def client_of(request: HttpRequest) -> Client | None:
    """Return the client named in the address."""
    name = request.GET.get("client")
    return Client(name) if name in Client.values else None


def choose_client(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    clients = [(client, CLIENT_PURPOSES[client], client_effects(client)) for client in Client]
    return TemplateResponse(
        request,
        "smrt/keys/choose_client.html",
        context | {"title": "Create an API key", "clients": clients},
    )


@sensitive_variables("secret")
def create(
    request: HttpRequest, client: Client, businesses: Any, options: Any, context: dict[str, Any]
) -> HttpResponse:
    """Show the form, or create the key and show it.

    Raises IntegrityError when this form has created its key already.
    """
    form = NewKeyForm(
        client,
        businesses,
        access.only_business_of(request.user),
        request.POST if request.method == "POST" else None,
    )
    context |= {
        "client": client,
        "form": form,
        "purpose": CLIENT_PURPOSES[client],
        "effects": client_effects(client),
    }
    if not form.is_valid():
        return TemplateResponse(
            request,
            "smrt/keys/new.html",
            context | {"title": f"Create an API key: {client.label.lower()}"},
        )
    values = form.cleaned_data
    key, secret = ApiKey.issue(
        values["business"], client, values["name"], values["scopes"], uuid=values["once"]
    )
    options.log_addition(request, key, f"Created, to {', '.join(scope_labels(key.scopes))}.")
    return TemplateResponse(
        request,
        "smrt/keys/created.html",
        context | {"title": "Your new API key", "key": key, "secret": secret},
    )
