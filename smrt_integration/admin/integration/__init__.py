"""The page of a business's Segment integration: its status, settings, and buttons."""

from smrt_integration.admin.integration import page

__all__ = ["page"]
