"""The customer's own pages, behind the link that the business sends them, and the sign-up of new customers."""
