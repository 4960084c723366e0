"""The values of cells, as people and spreadsheets write them."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from smrt_integration.imports.check_line import PARSERS
from smrt_integration.imports.parse_dates import read_moment
from smrt_integration.imports.parse_values import FileRules, NotAValue

TODAY = date(2026, 5, 1)
RULES_ZONE = ZoneInfo("Europe/Berlin")
RULES = FileRules("DE", "Europe/Berlin", False, datetime(2026, 5, 1, 12, tzinfo=UTC), today=TODAY)


@pytest.mark.parametrize(
    ("text", "day_first", "month_first"),
    [
        ("2026-03-04", "2026-03-04T00:00", "2026-03-04T00:00"),
        ("2026/3/4", "2026-03-04T00:00", "2026-03-04T00:00"),
        ("3/4/2026", "2026-04-03T00:00", "2026-03-04T00:00"),
        ("03.04.2026 17:05", "2026-04-03T17:05", "2026-03-04T17:05"),
        ("3.4.26", "2026-04-03T00:00", "2026-03-04T00:00"),
        ("3/4/87 5:05:09 pm", "1987-04-03T17:05:09", "1987-03-04T17:05:09"),
        ("13/4/2026", "2026-04-13T00:00", None),
        ("4/13/2026", None, "2026-04-13T00:00"),
        ("4-Mar-26", "2026-03-04T00:00", "2026-03-04T00:00"),
        ("4 March 2026", "2026-03-04T00:00", "2026-03-04T00:00"),
        ("Mar 4, 2026, 12:30 AM", "2026-03-04T00:30", "2026-03-04T00:30"),
        ("2026-02-30", None, None),
        ("2026-03-04 25:00", None, None),
        ("2026-03-04 13:00 PM", None, None),
        ("46085", None, None),
        ("yesterday", None, None),
        ("3 4", None, None),
        ("٣/٤/2026", None, None),
    ],
)
def test_dates_are_read_as_the_country_writes_them(
    text: str, day_first: str | None, month_first: str | None
) -> None:
    for is_month_first, expected in ((False, day_first), (True, month_first)):
        moment = read_moment(text, "Europe/Berlin", month_first=is_month_first, today=TODAY)
        local = datetime.fromisoformat(f"{expected}+00:00") if expected else None
        assert (moment is None) == (local is None), is_month_first
        if moment and local:
            assert moment.astimezone(RULES_ZONE).replace(tzinfo=UTC) == local


def test_a_time_with_an_offset_is_that_time() -> None:
    for text in ("2026-03-04T10:00:00.123Z", "2026-03-04 11:00 +01:00", "2026-03-04T05:00-0500"):
        moment = read_moment(text, "Europe/Berlin", month_first=False, today=TODAY)
        assert moment == datetime(2026, 3, 4, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("phone_is_mobile", "JA", True),
        ("card_on_file", "0", False),
        ("delivery_preference", "will_call", "Will Call"),
        ("visit_frequency", "Biweekly", "bi-weekly"),
        ("payment_term", "auto pay", "AutoPay"),
        ("kind", "Corporate", "CORPORATE"),
        ("source", "website", "Website"),
        ("address.country", "us", "US"),
        ("address.country", "United Kingdom", "GB"),
        ("address.country", "Deutschland", "DE"),
        ("first_name", "Zoe\u0308", "Zoë"),
        ("phone", "030 901820 (Büro)", ("+4930901820", "Büro")),
        ("phone", "+1 415 601 5610", ("+14156015610", "")),
        ("created_at", "1900-01-01", None),
        ("last_visit", "01.05.2026 14:03", datetime(2026, 5, 1, 12, tzinfo=UTC)),
    ],
)
def test_a_cell_is_read_however_it_is_written(name: str, text: str, value: Any) -> None:
    assert PARSERS[name](text, RULES) == value


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("external_id", "1.23E+11", "A spreadsheet has shortened this number."),
        ("external_id", "x" * 101, "This is longer than 100 characters. Shorten it."),
        ("email", "ada at example.com", "is not an email address. Correct it or leave it empty."),
        ("email", "a@example.com; b@example.com", "is not an email address."),
        ("phone", "000 000 0000", "Correct it or leave it empty."),
        ("address.country", "Narnia", "Use its two letters, for example US."),
        (
            "last_visit",
            "01.06.2026",
            "is in the future. Dates are read as 2026-03-27 or",
        ),
        ("consent.given_at", "1900-01-01", "is too long ago"),
        ("brand", "Green", "Add it on its page first, or correct the name."),
        ("first_name", "A\ud800", "which is half of a character. Remove it and try again."),
    ],
)
def test_a_cell_that_cannot_be_is_refused_with_the_remedy(
    name: str, text: str, sentence: str
) -> None:
    with pytest.raises(NotAValue) as refused:
        PARSERS[name](text, RULES)
    assert sentence in str(refused.value)
