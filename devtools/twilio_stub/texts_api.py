"""Twilio's endpoint for texts, with faults for tests, and signed calls of our webhook."""

import asyncio
import base64
import hmac
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from hashlib import sha1
from typing import Final
from uuid import uuid4
from xml.etree import ElementTree as ET

from aiohttp import BasicAuth, ClientError, ClientSession, ClientTimeout, web

from devtools.twilio_stub.account import ACCOUNT, TOKEN

WEBHOOK_TIMEOUT_SECONDS: Final = 15.0
"""How long Twilio waits for a webhook."""


@dataclass(frozen=True)
class Text:
    """One text, to a customer or (`theirs`) from one. The fields are those of `GET /messages`."""

    sid: str
    phone: str
    number: str
    body: str
    theirs: bool = False
    reply_to: str = ""
    at: float = field(default_factory=time.time)
    """When it arrived, as `time.time()`."""


@dataclass
class TextFault:
    """Fail the next `times` texts to `phone`, or to all with "*".

    `status` and `error` are those of the response. Status 0 cuts the connection; with status 1
    there is no response.
    """

    status: int
    phone: str = "*"
    error: int | None = None
    times: int = 1
    retry_after: str = ""
    taken: bool = False
    """Whether the text is delivered nevertheless."""


@dataclass
class TwilioState:
    webhook: str
    delay: float = 0.0
    """Seconds between a text and the response to it."""
    lines: list[Text] = field(default_factory=list)
    faults: list[TextFault] = field(default_factory=list)
    requests: int = 0
    """How often we were asked to send a text: `asked` of `GET /messages`."""

    def sid(self) -> str:
        """Return a new id, unique across stand-ins: our webhook handles each id only once."""
        return f"SM{uuid4().hex}"

    def remember(self, lines: Iterable[Text]) -> None:
        """Add texts from before this process started, unless we have them already."""
        present = {line.sid for line in self.lines} | {
            line.reply_to for line in self.lines if line.reply_to
        }
        self.lines[:0] = [line for line in lines if not {line.sid, line.reply_to} & present]

    def fault_for(self, phone: str) -> TextFault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.phone in {"*", phone}:
                fault.times -= 1
                return fault
        return None


STATE: Final = web.AppKey("STATE", TwilioState)


def routes() -> list[web.RouteDef]:
    return [
        web.post("/2010-04-01/Accounts/{account}/Messages.json", create_text),
        web.get("/messages", messages),
        web.post("/remember", remember),
        web.post("/faults", add_fault),
        web.post("/reset", reset),
    ]


async def create_text(request: web.Request) -> web.StreamResponse:
    state, form = request.app[STATE], await request.post()
    state.requests += 1
    if not _authorized(request):
        return error_response(401, 20003)
    phone, number, body = (str(form.get(name, "")) for name in ("To", "From", "Body"))
    fault = state.fault_for(phone)
    line = Text(state.sid(), phone, number, body)
    if not fault or fault.taken:
        state.lines.append(line)
    await asyncio.sleep(state.delay)
    if fault:
        return await _respond_with_fault(request, fault)
    return web.json_response(
        {"sid": line.sid, "status": "queued", "to": phone, "from": number, "body": body}, status=201
    )


async def _respond_with_fault(request: web.Request, fault: TextFault) -> web.StreamResponse:
    if fault.status == 1:
        await asyncio.sleep(3600)
    if fault.status <= 1:
        assert request.transport
        request.transport.abort()
    return error_response(fault.status or 500, fault.error, fault.retry_after)


def error_response(status: int, error: int | None, retry_after: str = "") -> web.Response:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return web.json_response(
        {"code": error, "message": "A fault of the Twilio stand-in.", "status": status},
        status=status,
        headers=headers,
    )


def _authorized(request: web.Request) -> bool:
    try:
        login = BasicAuth.decode(request.headers.get("Authorization", ""))
    except ValueError:
        return False
    return (login.login, request.match_info["account"], login.password) == (ACCOUNT, ACCOUNT, TOKEN)


async def messages(request: web.Request) -> web.Response:
    state = request.app[STATE]
    return web.json_response(
        {"asked": state.requests, "lines": [asdict(line) for line in state.lines]}
    )


async def remember(request: web.Request) -> web.Response:
    request.app[STATE].remember(Text(**line) for line in await request.json())
    return web.Response(status=204)


async def add_fault(request: web.Request) -> web.Response:
    request.app[STATE].faults.append(TextFault(**await request.json()))
    return web.Response(status=204)


async def reset(request: web.Request) -> web.Response:
    state = request.app[STATE]
    state.__init__(state.webhook, state.delay)  # type: ignore[misc]
    return web.Response(status=204)


async def send_reply(state: TwilioState, phone: str, number: str, body: str) -> None:
    """Send a customer's text to our webhook, and the automatic reply back to the customer.

    Raises HTTPBadGateway if the webhook fails.
    """
    form = {
        "MessageSid": state.sid(),
        "AccountSid": ACCOUNT,
        "From": phone,
        "To": number,
        "Body": body,
        "NumMedia": "0",
    }
    state.lines.append(Text(form["MessageSid"], phone, number, body, theirs=True))
    headers = {"X-Twilio-Signature": signature(state.webhook, form)}
    timeout = ClientTimeout(WEBHOOK_TIMEOUT_SECONDS)
    try:
        async with (
            ClientSession(timeout=timeout) as http,
            http.post(state.webhook, data=form, headers=headers) as response,
        ):
            twiml = await response.text()
    except (ClientError, TimeoutError) as error:
        raise web.HTTPBadGateway(text="The business's webhook did not answer.") from error
    if response.status != 200:
        raise web.HTTPBadGateway(text=f"The business's webhook answered {response.status}.")
    for sentence in parse_twiml(twiml):
        state.lines.append(Text(state.sid(), phone, number, sentence, reply_to=form["MessageSid"]))


def signature(address: str, form: dict[str, str]) -> str:
    """Sign a call as Twilio's documentation says, without the library that our side checks with."""
    signed = address + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(TOKEN.encode(), signed.encode(), sha1).digest()).decode()


def parse_twiml(twiml: str) -> list[str]:
    """Return the texts in a TwiML response of our own webhook, which is trusted input."""
    try:
        response = ET.fromstring(twiml)  # noqa: S314 - it is our own
        return [message.text or "" for message in response.iter("Message")]
    except ET.ParseError:
        return []


def conversations_by_phone(state: TwilioState) -> dict[tuple[str, str], list[Text]]:
    """Return the texts of each phone and number, the most recent conversation first."""
    conversations: dict[tuple[str, str], list[Text]] = {}
    for line in state.lines:
        conversations[line.phone, line.number] = [
            *conversations.pop((line.phone, line.number), []),
            line,
        ]
    return dict(reversed(conversations.items()))
