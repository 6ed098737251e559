"""Exotel as a program: its API, flows, streams and callbacks, and the people who pick up."""
