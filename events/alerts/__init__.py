"""Emails to owners: when sending stopped, when events have waited for an hour, and when the problem
is solved.

`watch` looks for problems and sends the emails, `decide` is pure, `emails` has the texts. Only this
package writes `events_alert`.
"""
