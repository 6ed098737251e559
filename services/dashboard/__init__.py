"""The web: pages, uploads, the live view and the REST API of a collections team."""
