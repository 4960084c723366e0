"""Measure this system beside the usual designs: `python -m bench [NAME...] [--quick]`."""
