"""The customer's online account, opened by a link without a password, and the sign-up page."""
