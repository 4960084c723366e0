"""The owner's pages of the keys to the API: who holds one, what each may do, making one, revoking one."""

from smrt_integration.admin.keys import page

__all__ = ["page"]
