from events.models.alert import Alert
from events.models.history import DeliveryAttempt, Outcome, SendLog
from events.models.integration import Integration, Region
from events.models.once import Celebration, Lapse, SweepDone
from events.models.requests import Request, Resent
from events.models.rollups import DailyCount, DailyDelay
from events.models.switches import SwitchChange
from events.models.waiting import AcceptedTraits, Lane, Outgoing, TraitChange

__all__ = [
    "AcceptedTraits",
    "Alert",
    "Celebration",
    "DailyCount",
    "DailyDelay",
    "DeliveryAttempt",
    "Integration",
    "Lane",
    "Lapse",
    "Outcome",
    "Outgoing",
    "Region",
    "Request",
    "Resent",
    "SendLog",
    "SweepDone",
    "SwitchChange",
    "TraitChange",
]
