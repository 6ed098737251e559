"""What callers may say: the phrases that the recogniser knows."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from emulators.voices import LANGUAGES

DEFAULT_BOOK: Final = Path(__file__).with_name("phrases.json")
"""A hundred and fifty things that borrowers say, in all eleven languages."""


class Phrase(NamedTuple):
    """One thing that a caller may say."""

    text: str
    language: str
    """Code such as `hi-IN`; Odia is `or-IN` here, whatever an endpoint calls it."""


def phrase(item: Mapping[str, Any]) -> Phrase:
    """Read `{"text": ..., "language": ...}`; `ValueError` when it names no language of ours or no words."""
    text, language = str(item.get("text", "")).strip(), str(item.get("language", ""))
    language = "or-IN" if language == "od-IN" else language
    if not text or language not in LANGUAGES:
        raise ValueError(f"a phrase needs a text and one of the languages {', '.join(LANGUAGES)}")
    return Phrase(text, language)


def read_phrases(source: Path = DEFAULT_BOOK) -> list[Phrase]:
    """Read a JSON file: a list of `{"text", "language"}`; `ValueError` when it is something else."""
    items = json.loads(source.read_text(encoding="utf-8"))
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError(f"{source} is no list of phrases")
    return unique(phrase(item) for item in items)


def unique(phrases: Iterable[Phrase]) -> list[Phrase]:
    """Drop what stands there twice; the order stays."""
    return list(dict.fromkeys(phrases))
