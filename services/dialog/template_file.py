"""Reads the template file, whole and strictly: a fault in it stops the service at start-up, not a call."""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from services.dialog.debt_words import debt_words_in
from voicekit.languages import LANGUAGES
from voicekit.yaml_text import parse

_SENTENCE_END: Final = re.compile(r"(?<=[.?!।])\s+")
_SHORT: Final = 20
"""Characters up to which a sentence is voiced together with the next: "Thank you." alone sounds cut off."""


class BadTemplates(ValueError):
    """The template file cannot be used; the text names language and template."""


@dataclass(frozen=True)
class Sentence:
    """A piece of a template that is voiced as one."""

    text: str
    placeholders: tuple[str, ...]
    personal: bool


@dataclass(frozen=True)
class Templates:
    """The file, checked and cut into sentences."""

    sentences: Mapping[str, Mapping[str, tuple[Sentence, ...]]]
    """By language, then by template name."""

    after_verification: frozenset[str]


def load_templates(
    path: Path, *, prompts: frozenset[str], placeholders: frozenset[str], personal: frozenset[str]
) -> Templates:
    """Read and check all templates; `BadTemplates` names the first fault.

    Args:
        path: the YAML file; its own head states its rules.
        prompts: the names that each language must have, no more and no fewer.
        placeholders: the names that may stand in braces.
        personal: the placeholders that belong to one borrower.
    """
    read: Any = parse(path.read_text(encoding="utf-8"))
    declared: dict[str, list[str]] = read["placeholders"]
    after = frozenset(read["after_verification"])
    _same("after_verification", after - prompts, frozenset())
    _same("placeholders", frozenset(declared) - prompts, frozenset())
    _same("placeholders", frozenset().union(*declared.values()), placeholders)
    _same("templates", frozenset(read["templates"]), frozenset(LANGUAGES))
    sentences: dict[str, dict[str, tuple[Sentence, ...]]] = {}
    for language, texts in read["templates"].items():
        _same(language, frozenset(texts), prompts)
        for name, text in texts.items():
            where = f"{language} {name}"
            _same(f"{where} placeholders", frozenset(_placeholders(where, text)), frozenset(declared.get(name, ())))
            if name not in after:
                _same(f"{where} words of debt", debt_words_in(text, language), frozenset())
        sentences[language] = {name: _sentences(text, personal) for name, text in texts.items()}
    return Templates(sentences, after)


def _same(where: str, found: frozenset[str], expected: frozenset[str]) -> None:
    if found != expected:
        missing, unexpected = sorted(expected - found), sorted(found - expected)
        raise BadTemplates(f"{where}: missing {missing}, unexpected {unexpected}")


def _placeholders(where: str, text: str) -> tuple[str, ...]:
    """Return the names in braces; plain ones only, so that nothing but a value can be put in."""
    try:
        pieces = list(string.Formatter().parse(text))
    except ValueError as error:
        raise BadTemplates(f"{where}: {error}") from error
    if any(spec or conversion for _, _, spec, conversion in pieces):
        raise BadTemplates(f"{where}: a placeholder is a bare name in braces")
    return tuple(name for _, name, _, _ in pieces if name is not None)


def _sentences(text: str, personal: frozenset[str]) -> tuple[Sentence, ...]:
    """Cut a template where its sentences end; values are put in later, so a full stop in a name cuts nothing."""
    merged: list[Sentence] = []
    for piece in _SENTENCE_END.split(text.strip()):
        names = _placeholders(text, piece)
        sentence = Sentence(piece, names, not personal.isdisjoint(names))
        if merged and len(merged[-1].text) <= _SHORT and not (merged[-1].personal or sentence.personal):
            last = merged.pop()
            sentence = Sentence(f"{last.text} {piece}", last.placeholders + names, personal=False)
        merged.append(sentence)
    return tuple(merged)
