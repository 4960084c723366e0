"""The fault run."""
