from smrt_integration.api.models import Answered, ApiCaller, ApiKey
from smrt_integration.exports.models import Export
from smrt_integration.health.models import Heartbeat
from smrt_integration.imports.models import CustomerImport, ImportLine

__all__ = [
    "Answered",
    "ApiCaller",
    "ApiKey",
    "CustomerImport",
    "Export",
    "Heartbeat",
    "ImportLine",
]
