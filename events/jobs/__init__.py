"""Bulk work that owners asked for: resend what Segment does not have, or discard old events.

`run` carries out open jobs, one chunk per transaction. `resend`, `discard` and `choose_held` create
the jobs and do their chunks. Only this package writes `events_request` and `events_resent`.
"""
