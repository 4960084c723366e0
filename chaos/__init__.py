"""The fault run: break the running system at random, and account for every message.

`README.md` here says what it does and how to read a failure. The modules, in the order of a run:
`faults` plans what breaks when, from the seed. `cluster` starts `databases`, Redis, the stand-in
for Segment and the `programs` of an installation. `businesses` creates the data, and `journal` the
database triggers that write down the committed truth. `run` lets the `writer`s act
(`model_actions`, `api_actions`) and `inject` the faults, with a `history`, and `drain` waits until
everything is sent. `account` compares the `evidence`; `receiver` is the client that reads what
arrived. `report` tells what was found, and `results` keeps it.
"""
