"""Decides what a reply means from word lists and the order in which meanings go before one another."""

from services.dialog.lexicon.rules import Reading, decide
from services.dialog.lexicon.vocabulary import warm_up

__all__ = ["Reading", "decide", "warm_up"]
