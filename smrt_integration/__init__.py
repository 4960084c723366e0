"""WHERE: the Django project, delivery to Segment, the stand-ins for development."""
