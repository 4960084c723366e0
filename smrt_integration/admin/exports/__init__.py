"""The pages about exports: the list, one export while it is written, and its download."""

from smrt_integration.admin.exports import page

__all__ = ["page"]
