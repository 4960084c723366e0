"""Emails to owners: when sending stopped, when events have waited for an hour, and when it is well again."""
