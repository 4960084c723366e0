"""Measures the whole system and the designs it competes with, side by side: `python -m bench [NAME...] [--quick]`."""
