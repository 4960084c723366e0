"""One module per resource: what it looks like (serializers) and what can be done with it (a Door)."""
