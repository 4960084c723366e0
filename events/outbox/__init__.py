"""The outbox: the messages that are still to be sent, one row each.

`record` adds rows in the transaction of a save, `fan_out` adds identifies for many customers,
`read` and `pages` read rows, `settle` and `expire` move rows to the send log (`take_out`). `held`
keeps tracks of refused customers in a table of their own. `rows` has the row types, `lane_order`
how a lane is read, `lock_timeout` the transactions that give up instead of waiting.

Only this package and `events.jobs.resend` insert into `events_outgoing`, and only this package
deletes from it.
"""
