"""`make run`: the whole system on one machine, with a stand-in for Segment and a demo."""
