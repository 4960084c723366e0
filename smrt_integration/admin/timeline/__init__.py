"""The timeline: a page for each customer with everything that happened, sent or not, and why."""

from smrt_integration.admin.timeline import page

__all__ = ["page"]
