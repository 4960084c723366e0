"""Emails to owners about sending.

They are sent when sending stopped, when events have waited for an hour, and when the problem is
solved.
"""
