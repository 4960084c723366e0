"""The first page after login: how sending goes, and what needs the owner's attention."""
