"""How an operator, and what watches for one, finds out by itself what does not work.

`heartbeats` has the rows by which programs prove that they live, `worker` and the scheduler write
them, `readiness` checks everything, and `probes` answers `/livez` and `/readyz`.
"""
