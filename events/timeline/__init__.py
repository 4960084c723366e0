"""The page about one customer: the status of each event, and a line for everything that happened.

`assemble` puts the page together. `occurrences`, `queries` and `context` read the database. The
other modules are pure: `lines` (what happened beside its messages), `reasons` (why nothing was
sent), `event_status`, `sentences`, `switch_periods`, `traits_table`. Nothing here writes.
"""
