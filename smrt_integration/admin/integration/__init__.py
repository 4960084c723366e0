"""The page of a business's integration: on or off, how it stands, what is sent, and what an owner may do about it."""

from smrt_integration.admin.integration import page

__all__ = ["page"]
