"""Sweeps: scheduled searches for events that no save makes.

Each is set-based SQL over many businesses, each business on its own days. What is due is computed
from the rows and never from the time of the last run: hours in which nothing ran are caught up, and
running a sweep twice finds nothing the second time.
"""
