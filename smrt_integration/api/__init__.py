"""The REST API for the point of sale, the delivery app and the customer website."""
