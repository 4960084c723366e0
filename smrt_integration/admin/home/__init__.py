"""The first page after login: how a business's sending goes, and what needs its owner."""
