"""The page: every customer's phone, with its texts and a field for a reply."""

from html import escape
from typing import Final

from aiohttp import web

from devtools.twilio_stub.texts_api import STATE, Text, conversations_by_phone, send_reply

STYLE: Final = """
body {
  font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 0 auto; padding: 1rem;
  color: #1f2937; background: #f9fafb;
}
section {
  background: #fff; border: 1px solid #d1d5db; border-radius: .5rem; padding: 1rem; margin: 1rem 0;
}
h2 { font-size: 1rem; margin: 0 0 .5rem }
p {
  margin: .5rem 3rem .5rem 0; padding: .5rem .75rem; border-radius: .5rem; background: #eef2ff;
  overflow-wrap: anywhere;
}
p.theirs { background: #dcfce7; margin: .5rem 0 .5rem 3rem }
form { display: flex; gap: .5rem; margin-top: .75rem }
input {
  flex: 1; min-width: 0; font: inherit; padding: .4rem .6rem; border: 1px solid #6b7280;
  border-radius: .375rem;
}
button {
  font: inherit; padding: .4rem .8rem; border: 0; border-radius: .375rem; background: #3730a3;
  color: #fff;
}
"""
NO_TEXTS: Final = (
    "<section>No texts yet. Each business sends its texts on the evening before a pickup, "
    "at the hour that it chose.</section>"
)


def routes() -> list[web.RouteDef]:
    return [web.get("/", index), web.post("/answer", post_reply)]


async def index(request: web.Request) -> web.Response:
    conversations = "".join(
        _conversation(*key, lines)
        for key, lines in conversations_by_phone(request.app[STATE]).items()
    )
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Customers' phones</title><style>{STYLE}</style><h1>Customers' phones</h1>"
        "<div>A stand-in for Twilio: no text leaves this machine. "
        "Reload the page to see new texts.</div>"
        f"{conversations or NO_TEXTS}</html>"
    )
    return web.Response(text=page, content_type="text/html")


def _conversation(phone: str, number: str, lines: list[Text]) -> str:
    texts = "".join(
        f"<p{' class=theirs' if line.theirs else ''}>{escape(line.body)}</p>" for line in lines
    )
    return (
        f"<section><h2>{escape(phone)}, texting with {escape(number)}</h2>{texts}"
        '<form method="post" action="/answer">'
        f'<input type="hidden" name="phone" value="{escape(phone)}">'
        f'<input type="hidden" name="number" value="{escape(number)}">'
        f'<input name="body" aria-label="Reply from {escape(phone)}" placeholder="No" required>'
        "<button>Reply</button></form></section>"
    )


async def post_reply(request: web.Request) -> web.Response:
    form = await request.post()
    await send_reply(
        request.app[STATE], *(str(form.get(name, "")) for name in ("phone", "number", "body"))
    )
    raise web.HTTPSeeOther("/")
