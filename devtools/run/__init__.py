"""`make run`: the whole system on this machine, with stand-ins for Segment and Twilio and a demo.

`start` is the way from the command to the end of the run. It reads the ports (`addresses`), locks
the folder `.dev` (`folder`), ends programs that a killed run left (`leftovers`), starts PostgreSQL
and Redis, and hands the programs of `system` to the `supervisor`. `program` is one of them while
it runs, and `output` shares the terminal among them.
"""
