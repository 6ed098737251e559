"""Hearing and speaking: a borrower's voice into text, our lines into a voice."""
