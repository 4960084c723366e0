"""What a language needs, so that texts can be written and replies be understood in it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from customers.business_clock import BusinessClock


class ReplyMeaning(Enum):
    """What a customer's reply means."""

    NO = "no"
    CANCEL = "both"
    """The word "Cancel" alone. Twilio takes it for an opt-out, and it cancels, too."""
    OPT_OUT = "stop"
    OPT_IN = "start"
    OPT_IN_AFTER_STOP = "yes"
    """Opts in only after an opt-out: "Yes" to a text about a pickup is no wish for texts."""
    HELP = "help"
    ACKNOWLEDGMENT = "ok"
    """Thanks, "ok", a reaction. Nobody has to do anything."""
    OTHER = "other"
    """Not clear, such as a question."""


class AutoReply(Enum):
    """The automatic reply to a customer's text. The values are stored."""

    CANCELED = "canceled"
    CANCELED_BEFORE = "canceled_already"
    COMPLETED_BEFORE = "done_already"
    DAY_PASSED = "passed"
    VAN_LEFT = "van_left"
    CHANGED = "made_anew"
    WHICH_CUSTOMER = "which"
    NOT_TEXTED = "not_asked"
    OPTED_OUT = "stopped"
    OPTED_IN = "started"
    FORWARDED = "kept"
    ASKED = "asked"
    HELP = "help"
    ACKNOWLEDGED = "noted"
    NONE = "nothing"


@dataclass(frozen=True)
class ReplyPhrases:
    """The phrases of which replies consist. Compared after `reply_text.simplify`.

    A reply is understood only if it consists of nothing but phrases listed here, and the customer's
    name. A wrong cancellation costs a customer the pickup, so leave out what can mean two things.
    """

    no: tuple[str, ...]
    """Each means: do not come. May contain {pickup} and {when}."""
    cancel: tuple[str, ...]
    """Each means: cancel it. After a "No" it may mean the opposite, as in "no cancelar"."""
    pickup: tuple[str, ...]
    """Fill in {pickup}."""
    when: tuple[str, ...]
    """Fill in {when}. No reply that names two times is understood."""
    opt_out: tuple[str, ...]
    """Those of carriers and Twilio, which Twilio's help lists under "Opt-out keywords", and words
    that people use instead."""
    opt_in: tuple[str, ...]
    opt_in_after_stop: tuple[str, ...]
    help: tuple[str, ...]
    thanks: tuple[str, ...]
    """Thanks, "ok" and what else may stand beside a "No" without changing it."""
    agreement: tuple[str, ...]
    """What contradicts a "No", such as "yes"."""
    fillers: tuple[str, ...]
    """Greetings, "please", "sorry". They mean nothing alone."""


@dataclass(frozen=True)
class Language:
    name: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    day: str
    wording: str
    nameless: str
    """Replaces `{name}` when no name is known."""
    opt_out: str
    """Ends every nightly text, in any wording of the business."""
    name_separator: str
    replies: Mapping[AutoReply, str]
    phrases: ReplyPhrases

    def day_text(self, day: date, country: str = "US") -> str:
        """Return the weekday and the day. English is written differently in other countries."""
        if not self.day:
            return BusinessClock("UTC", country).weekday_and_day(day)
        return self.day.format(
            weekday=self.weekdays[day.weekday()], day=day.day, month=self.months[day.month - 1]
        )


def split_list(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(","))
