"""What is known of a customer, and why something was not sent: a page for each, linked from the customer."""

from smrt_integration.admin.timeline import page

__all__ = ["page"]
