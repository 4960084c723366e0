"""One definition for each event: the only place that names it.

`definition` says what a definition consists of and checks it as it is defined; `pickups`, `orders`
and `customers` hold the definitions by subject. `events.catalogue` is the list that everything else
loops over: recording, switches, preview, timeline, JSON Schemas, search and the documentation's
tables. `docs/adding-an-event.md` walks through a new one. Pure: no module here imports Django.
"""
