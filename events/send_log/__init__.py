"""The send log: one entry for each message that left the outbox, one row for each HTTP request.

`write` adds entries and updates the daily counts, `pages`, `filter`, `search` and `lookup` read
entries, `resendable` says whether an entry can be sent again, `partitions` and `retention` create
and drop months. Only this package writes these tables. Entries are never changed.
"""
