from smrt_integration.api.models import Answered, ApiKey

__all__ = ["Answered", "ApiKey"]
