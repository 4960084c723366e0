"""Event definitions, occurrences, outbox, send log, jobs, lanes, sweeps, timeline and alerts."""
