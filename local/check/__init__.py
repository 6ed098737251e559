"""Checks of one thing each, for when something does not work: `python -m local.check --help`."""
