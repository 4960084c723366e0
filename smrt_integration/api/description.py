"""What the documentation of the API says first."""

from typing import Final

DESCRIPTION: Final = (
    "The API for your point of sale, delivery app and website. What you record here is sent "
    "to Segment as events and customer traits. Ids are UUIDs. Times are ISO 8601 with an "
    "offset, dates are in the business's time zone, and money is a decimal in a string.\n\n"
    "A message to Segment is *waiting* in the outbox. Then the send log has it as *accepted*, "
    "*refused* (value `rejected`), *not sent* (value `skipped`), *expired* or *unconfirmed*: "
    "Segment may have it, but no response came."
)
