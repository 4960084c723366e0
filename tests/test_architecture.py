"""Rules of the layout that no linter knows."""

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path
    for package in ("customers", "events", "smrt_integration")
    for path in (PROJECT / package).rglob("*.py")
    if "migrations" not in path.parts
)

WRITING_SQL = re.compile(
    r"(INSERT INTO|UPDATE|DELETE FROM|COPY|TRUNCATE)\s+"
    r"(events_outgoing|events_sendlog|events_deliveryattempt|events_dailycount|events_dailydelay)\b"
)
WRITING_ORM = re.compile(
    r"\b(Outgoing|SendLog|DeliveryAttempt|DailyCount|DailyDelay)(\.objects[^\n]*\.(create|bulk_create|update|delete|get_or_create)|)\("
)


def of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def test_nothing_but_the_outbox_writes_the_outbox_and_the_send_log() -> None:
    def writes(path: Path) -> bool:
        text = path.read_text()
        defined = (
            text.replace("class Outgoing(", "")
            .replace("class SendLog(", "")
            .replace("class DeliveryAttempt(", "")
        )
        defined = defined.replace("class DailyCount(", "").replace("class DailyDelay(", "")
        return bool(WRITING_SQL.search(text) or WRITING_ORM.search(defined))

    writers = {of(path) for path in SOURCES if writes(path)}

    assert writers == {
        f"events/outbox/{name}.py" for name in ("read", "record", "resend", "rollup", "settle")
    }


def test_modules_stay_small() -> None:
    long = {
        of(path): lines for path in SOURCES if (lines := len(path.read_text().splitlines())) > 300
    }

    assert long == {}
