"""One module per resource, with its serializers and its viewset."""
