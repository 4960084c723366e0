from events.models.alert import Alert
from events.models.daily_counts import DailyCount, DailyDelay
from events.models.fifths import PendingFifth
from events.models.held import HeldTrack, RefusedTraits
from events.models.integration import Integration, Region
from events.models.jobs import Request, Resent
from events.models.once_only import Celebration, Lapse, SweepDone
from events.models.outbox import (
    AcceptedTraits,
    DestinationUse,
    Lane,
    Outgoing,
    TraitChange,
    UnansweredIdentify,
)
from events.models.send_log import DeliveryAttempt, Outcome, SendLog
from events.models.switch_changes import SwitchChange
from events.models.task_run import TaskRun

__all__ = [
    "AcceptedTraits",
    "Alert",
    "Celebration",
    "DailyCount",
    "DailyDelay",
    "DeliveryAttempt",
    "DestinationUse",
    "HeldTrack",
    "Integration",
    "Lane",
    "Lapse",
    "Outcome",
    "Outgoing",
    "PendingFifth",
    "RefusedTraits",
    "Region",
    "Request",
    "Resent",
    "SendLog",
    "SweepDone",
    "SwitchChange",
    "TaskRun",
    "TraitChange",
    "UnansweredIdentify",
]
