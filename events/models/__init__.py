from events.models.history import DeliveryAttempt, Outcome, SendLog
from events.models.integration import Integration, Region
from events.models.once import Celebration, Lapse, SweepDone
from events.models.waiting import AcceptedTraits, Lane, Outgoing, TraitChange

__all__ = [
    "AcceptedTraits",
    "Celebration",
    "DeliveryAttempt",
    "Integration",
    "Lane",
    "Lapse",
    "Outcome",
    "Outgoing",
    "Region",
    "SendLog",
    "SweepDone",
    "TraitChange",
]
