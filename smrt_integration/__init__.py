"""The Django project: settings, delivery to Segment, the API and the admin."""

__version__ = "0.1.0"
