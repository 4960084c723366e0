"""The outbox and the send log: nothing else writes them."""
