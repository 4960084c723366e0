"""The pages about imports: choose a file, assign its columns, check it, import it."""

from smrt_integration.admin.imports import page

__all__ = ["page"]
