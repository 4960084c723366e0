"""WHAT: the catalogue of events, what happened, the outbox and the send log, the integration config."""
