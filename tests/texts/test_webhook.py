"""The webhook for incoming texts: only Twilio may call it, and each text counts once."""

from typing import Any

import pytest
from django.test import Client

from customers.models import Customer, IncomingText, PickupRequest, TextSettings
from customers.texts import nightly
from events.models import Outgoing
from tests.texts.conftest import NUMBER
from tests.twilio import TwilioStandIn, automatic_replies, post_incoming_text

pytestmark = pytest.mark.django_db

CANCELED = ["Your pickup on Tuesday, November 24 is canceled. Thank you for telling us."]


@pytest.fixture
def texted(twilio: TwilioStandIn, pickup: PickupRequest) -> Customer:
    """A customer who got tonight's text."""
    assert nightly.run() == {"sent": 1}
    return pickup.customer


def nothing_changed() -> bool:
    canceled = PickupRequest.objects.filter(status="canceled").exists()
    return not (
        canceled
        or IncomingText.objects.exists()
        or Customer.objects.exclude(text_answered_at=None).exists()
    )


@pytest.mark.parametrize("signed", ["", "wrong", "\u00e4" * 28, "A" * 28, "A" * 5_000])
def test_a_wrong_signature_is_refused_and_changes_nothing(texted: Customer, signed: str) -> None:
    response = post_incoming_text(
        texted.phone, NUMBER, "No", signed=signed.encode().decode("latin-1")
    )
    assert (response.status_code, response.content) == (403, b"This is not from Twilio.")
    assert nothing_changed()


def test_a_signature_is_valid_only_for_what_it_signed(texted: Customer) -> None:
    from devtools.twilio_stub.texts_api import signature

    form = {"MessageSid": "SM1", "From": texted.phone, "To": NUMBER, "Body": "Yes"}
    headers = {"X-Twilio-Signature": signature("http://127.0.0.1:8000/texts/incoming", form)}
    assert (
        Client().post("/texts/incoming", form | {"Body": "No"}, headers=headers).status_code == 403
    )
    assert Client().post("/texts/incoming?also=this", form, headers=headers).status_code == 403
    assert nothing_changed()
    assert Client().post("/texts/incoming", form, headers=headers).status_code == 200


def test_the_public_address_is_signed_even_if_a_request_names_another_host(
    texted: Customer, settings: Any
) -> None:
    from devtools.twilio_stub.texts_api import signature

    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = "https://smrt.example.com", ["*"]
    form = {"MessageSid": "SM1", "From": texted.phone, "To": NUMBER, "Body": "No"}

    def post(address: str, host: str) -> int:
        headers = {"X-Twilio-Signature": signature(address, form), "Host": host}
        return int(Client().post("/texts/incoming", form, headers=headers).status_code)

    assert post("https://evil.example.com/texts/incoming", "evil.example.com") == 403
    assert nothing_changed()
    assert post("https://smrt.example.com/texts/incoming", "internal:8000") == 200


def test_without_a_token_no_signature_is_valid(texted: Customer, settings: Any) -> None:
    import base64
    import hmac

    settings.TWILIO_AUTH_TOKEN = ""
    form = {"MessageSid": "SM1", "From": texted.phone, "To": NUMBER, "Body": "No"}
    address = "http://127.0.0.1:8000/texts/incoming" + "".join(
        name + form[name] for name in sorted(form)
    )
    signed = base64.b64encode(hmac.new(b"", address.encode(), "sha1").digest()).decode()
    assert (
        Client().post("/texts/incoming", form, headers={"X-Twilio-Signature": signed}).status_code
        == 403
    )
    assert nothing_changed()


def test_only_post_is_allowed(texted: Customer) -> None:
    assert Client().get("/texts/incoming").status_code == 405
    assert nothing_changed()


def test_a_call_without_an_id_is_refused(texted: Customer) -> None:
    response = post_incoming_text(texted.phone, NUMBER, "No", MessageSid="")
    assert (response.status_code, response.content) == (400, b"A MessageSid is missing.")
    assert nothing_changed()


def test_a_repeated_call_gets_the_same_reply_and_counts_once(texted: Customer) -> None:
    first = post_incoming_text(texted.phone, NUMBER, "No", sid="SM7")
    waiting = Outgoing.objects.count()
    for _ in range(3):
        assert post_incoming_text(texted.phone, NUMBER, "No", sid="SM7").content == first.content
    assert automatic_replies(first) == CANCELED
    assert (IncomingText.objects.count(), Outgoing.objects.count()) == (1, waiting)


def test_a_reply_is_escaped(texted: Customer) -> None:
    texted.business.name = "Wash & <Go>"
    texted.business.save()
    assert automatic_replies(post_incoming_text(texted.phone, NUMBER, "Stop")) == [
        "You will get no more texts from Wash & <Go>. Reply START to get them again."
    ]


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        (
            "\U0001f44e\U0001f3fd\u200d\u2640\ufe0f" * 50,
            "\U0001f44e\U0001f3fd\u200d\u2640\ufe0f" * 50,
        ),
        ("x" * 100_000, "x" * 1_600),
        ("a\0b", "ab"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("'; DROP TABLE customers_customer; --", "'; DROP TABLE customers_customer; --"),
        ("", ""),
    ],
    ids=["emoji", "very long", "zero byte", "markup", "sql", "empty"],
)
def test_any_text_is_stored_for_the_business(texted: Customer, body: str, stored: str) -> None:
    assert automatic_replies(post_incoming_text(texted.phone, NUMBER, body)) == [
        (
            "We did not cancel your pickup on Tuesday, November 24. Reply NO to cancel it. "
            "We forwarded your message to our team."
        )
    ]
    text = IncomingText.objects.get()
    assert (text.body, text.meaning, text.outcome, text.handled, text.customer) == (
        stored,
        "other",
        "asked",
        False,
        texted,
    )


@pytest.mark.parametrize(
    ("media", "counted"),
    [("1", 1), ("3", 3), ("9999", 10), ("-1", 0), ("x", 0), ("\u00b2", 0), ("", 0)],
)
def test_a_picture_without_words_is_stored(texted: Customer, media: str, counted: int) -> None:
    post_incoming_text(texted.phone, NUMBER, "", NumMedia=media)
    assert IncomingText.objects.get().media == counted


@pytest.mark.parametrize("number", ["+14155550199", "", "nonsense", "x" * 500])
def test_an_unknown_number_gets_no_reply(texted: Customer, number: str) -> None:
    assert automatic_replies(post_incoming_text(texted.phone, number, "No")) == []
    assert nothing_changed()


def test_an_empty_number_matches_no_business(
    texted: Customer,
) -> None:
    TextSettings.objects.update(number="", enabled=False)
    assert automatic_replies(post_incoming_text(texted.phone, "", "No")) == []
    assert nothing_changed()


@pytest.mark.parametrize("field", ["MessageSid", "From", "To", "Body", "NumMedia", "OptOutType"])
@pytest.mark.parametrize("value", ["\0", "a\0b", "\U0001f44d" * 100])
def test_no_signed_input_causes_an_error_of_ours(texted: Customer, field: str, value: str) -> None:
    assert post_incoming_text(texted.phone, NUMBER, "Hello", **{field: value}).status_code in {
        200,
        400,
    }


def test_missing_fields_count_as_empty(texted: Customer) -> None:
    """RCS and short codes send no Body or no From."""
    from devtools.twilio_stub.texts_api import signature

    form = {"MessageSid": "SM1", "To": NUMBER}
    headers = {"X-Twilio-Signature": signature("http://127.0.0.1:8000/texts/incoming", form)}
    response = Client().post("/texts/incoming", form, headers=headers)
    assert automatic_replies(response) == []
    text = IncomingText.objects.get()
    assert (text.phone, text.body, text.customer, text.handled) == ("", "", None, False)
