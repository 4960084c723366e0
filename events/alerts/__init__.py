"""Emails to owners about problems with sending.

Owners get an email when sending stopped, when events have waited for an hour, and when the problem
is solved. `watch` looks for problems and sends the emails, `decide` is pure, `emails` writes the
emails. Only this package writes `events_alert`.
"""
