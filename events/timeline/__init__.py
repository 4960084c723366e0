"""What is known of one customer here and at Segment, and why something was not sent: `tell` fetches it, the rest of this package says it.

Pure: `switched`, `timeline`, `why`, `ahead`, `stands`, `details`. Reading: `happened`, `read`, `tell`. Nothing here writes.
"""
