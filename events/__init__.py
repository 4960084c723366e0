"""WHAT: the event definitions, what happened, the outbox, the send log, and the integration."""
