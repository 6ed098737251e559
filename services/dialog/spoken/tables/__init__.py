"""One file a language: its numbers, money and days, for a native speaker to read and mend."""

from collections.abc import Mapping
from typing import Final

from services.dialog.spoken.grammar import Words
from services.dialog.spoken.tables import (
    bengali,
    english,
    gujarati,
    hindi,
    kannada,
    malayalam,
    marathi,
    odia,
    punjabi,
    tamil,
    telugu,
)

WORDS: Final[Mapping[str, Words]] = {
    "en-IN": english.WORDS,
    "hi-IN": hindi.WORDS,
    "ta-IN": tamil.WORDS,
    "te-IN": telugu.WORDS,
    "ml-IN": malayalam.WORDS,
    "gu-IN": gujarati.WORDS,
    "mr-IN": marathi.WORDS,
    "bn-IN": bengali.WORDS,
    "kn-IN": kannada.WORDS,
    "pa-IN": punjabi.WORDS,
    "or-IN": odia.WORDS,
}
"""By language code."""
