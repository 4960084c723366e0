"""Delivery to Segment, in rounds. `deliver` runs them; each step has a module of its name.

claim   take leases on lanes that are due
load    read what waits in the claimed lanes
build   turn outbox rows into messages
pack    divide messages into batches
post    make one HTTP request per batch
settle  turn the results into what is written
"""
