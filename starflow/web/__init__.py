"""The web: the same use cases over HTTP, for programs (/api/v1) and on one plain page."""
