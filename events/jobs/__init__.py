"""Bulk work that owners asked for: send all customers or past events, resend what Segment does not
have, or discard old events.

`run` carries out open jobs, one chunk per transaction. The other modules create the jobs and do
their chunks; `feed` has what those share that record many messages, and `control` pauses, resumes
and cancels them. Only this package writes `events_request` and `events_resent`.
"""
