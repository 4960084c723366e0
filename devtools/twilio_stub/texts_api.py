"""What Twilio does here: takes texts, refuses them as it is told to, and tells our webhook of answers, signed."""

import asyncio
import base64
import hmac
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from hashlib import sha1
from typing import Final
from uuid import uuid4
from xml.etree import ElementTree as ET

from aiohttp import BasicAuth, ClientError, ClientSession, ClientTimeout, web

from devtools.twilio_stub.account import ACCOUNT, TOKEN

WEBHOOK_TIMEOUT_SECONDS: Final = 15.0
"""Twilio waits as long for a webhook."""


@dataclass(frozen=True)
class Text:
    """One text, to a customer (`theirs` is false) or from one."""

    sid: str
    phone: str
    number: str
    body: str
    theirs: bool = False
    reply_to: str = ""


@dataclass
class TextFault:
    """For texts to `phone`, or "*" for all, `times` times: answer with this status and error; 0 cuts the connection, 1 hangs."""

    status: int
    phone: str = "*"
    error: int | None = None
    times: int = 1
    retry_after: str = ""
    taken: bool = False
    """Whether the text is delivered all the same."""


@dataclass
class TwilioState:
    webhook: str
    lines: list[Text] = field(default_factory=list)
    faults: list[TextFault] = field(default_factory=list)
    asked: int = 0

    def sid(self) -> str:
        """Never again, not even by another stand-in: what comes twice under one id is done once."""
        return f"SM{uuid4().hex}"

    def remember(self, lines: Iterable[Text]) -> None:
        """What was on the phones before this stand-in started. What it knows already stays as it is."""
        known = {line.sid for line in self.lines} | {
            line.reply_to for line in self.lines if line.reply_to
        }
        self.lines[:0] = [line for line in lines if not {line.sid, line.reply_to} & known]

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
        web.post("/faults", fault),
        web.post("/reset", reset),
    ]


async def create_text(request: web.Request) -> web.StreamResponse:
    state, form = request.app[STATE], await request.post()
    state.asked += 1
    if not _authorized(request):
        return error_response(401, 20003)
    phone, number, body = (str(form.get(name, "")) for name in ("To", "From", "Body"))
    found = state.fault_for(phone)
    line = Text(state.sid(), phone, number, body)
    if not found or found.taken:
        state.lines.append(line)
    if found:
        return await _respond_with_fault(request, found)
    return web.json_response(
        {"sid": line.sid, "status": "queued", "to": phone, "from": number, "body": body}, status=201
    )


async def _respond_with_fault(request: web.Request, found: TextFault) -> web.StreamResponse:
    if found.status == 1:
        await asyncio.sleep(3600)
    if found.status <= 1:
        assert request.transport
        request.transport.abort()
    return error_response(found.status or 500, found.error, found.retry_after)


def error_response(status: int, error: int | None, retry_after: str = "") -> web.Response:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return web.json_response(
        {"code": error, "message": "As it was told to.", "status": status},
        status=status,
        headers=headers,
    )


def _authorized(request: web.Request) -> bool:
    try:
        given = BasicAuth.decode(request.headers.get("Authorization", ""))
    except ValueError:
        return False
    return (given.login, request.match_info["account"], given.password) == (ACCOUNT, ACCOUNT, TOKEN)


async def messages(request: web.Request) -> web.Response:
    state = request.app[STATE]
    return web.json_response(
        {"asked": state.asked, "lines": [asdict(line) for line in state.lines]}
    )


async def remember(request: web.Request) -> web.Response:
    request.app[STATE].remember(Text(**line) for line in await request.json())
    return web.Response(status=204)


async def fault(request: web.Request) -> web.Response:
    request.app[STATE].faults.append(TextFault(**await request.json()))
    return web.Response(status=204)


async def reset(request: web.Request) -> web.Response:
    request.app[STATE].__init__(request.app[STATE].webhook)  # type: ignore[misc]
    return web.Response(status=204)


async def send_reply(state: TwilioState, phone: str, number: str, body: str) -> None:
    """A customer texts: our webhook is told, and what it says by return is sent to them. Raises HTTPBadGateway when it did not listen."""
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
            said = await response.text()
    except (ClientError, TimeoutError) as error:
        raise web.HTTPBadGateway(text="The business could not be told of it.") from error
    if response.status != 200:
        raise web.HTTPBadGateway(
            text=f"The business was told of it and answered {response.status}."
        )
    for sentence in parse_twiml(said):
        state.lines.append(Text(state.sid(), phone, number, sentence, reply_to=form["MessageSid"]))


def signature(address: str, form: dict[str, str]) -> str:
    """As Twilio describes it, and not by its library, which our side uses."""
    signed = address + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(TOKEN.encode(), signed.encode(), sha1).digest()).decode()


def parse_twiml(twiml: str) -> list[str]:
    """Of our own webhook, on this machine: nobody who would mean harm."""
    try:
        return [message.text or "" for message in ET.fromstring(twiml).iter("Message")]  # noqa: S314
    except ET.ParseError:
        return []


def conversations_by_phone(state: TwilioState) -> dict[tuple[str, str], list[Text]]:
    """Each conversation, with the one that last changed first."""
    conversations: dict[tuple[str, str], list[Text]] = {}
    for line in state.lines:
        conversations[line.phone, line.number] = [
            *conversations.pop((line.phone, line.number), []),
            line,
        ]
    return dict(reversed(conversations.items()))
