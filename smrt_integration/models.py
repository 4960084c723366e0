from smrt_integration.api.models import Answered, ApiCaller, ApiKey
from smrt_integration.exports.models import Export
from smrt_integration.health.models import Heartbeat

__all__ = ["Answered", "ApiCaller", "ApiKey", "Export", "Heartbeat"]
