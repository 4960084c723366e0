"""The owner's side of a lane: its status in words, and what the owner decides about it.

`lane_control` halts and resumes lanes, `status` says how a lane is doing and is pure, `read_status`
queries the values for it. Leases are the business of `smrt_integration.delivery`.
"""
