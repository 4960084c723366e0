"""The pages about API keys: the list, one key, creating one, revoking one."""

from smrt_integration.admin.keys import page

__all__ = ["page"]
