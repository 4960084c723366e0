"""The page about one customer: the status of each event, and a line for everything that happened.

`assemble` puts the page together. Pure: `lines` (what happened beside its messages), `reasons` (why
nothing was sent), `event_status`, `sentences`, `switch_periods`, `traits_table`. Reading:
`occurrences`, `queries`, `context`. Nothing here writes.
"""
