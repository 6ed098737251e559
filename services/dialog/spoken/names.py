"""Names as they are said to their owner."""

import re
import unicodedata
from typing import Final

from services.dialog.spoken.grammar import words_of
from voicekit.errors import InvalidInput

MAX_NAME: Final = 100
"""Characters that a name may have, as it stands in the record."""

# Remarks in brackets, and mark-up that a synthesiser might obey.
_BRACKETED: Final = re.compile(r"<[^<>]*>|\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
# "son of", "care of", "resident of", an alias: not spoken, nor is what follows.
_RELATION: Final = re.compile(
    r"(?:^|\s)(?:[sdwchr]\s*/\s*o|(?:son|daughter|wife|husband|care|resident)\s+of\b|alias\b|urf\b|@).*",
    re.IGNORECASE,
)
_TITLES: Final = frozenset(
    words_of("mr mrs ms miss shri shree shrimati smt sri dr md prof kum m/s श्री श्रीमती श्रीमान डॉ डॉक्टर सुश्री कुमारी")
)
_HONORIFICS: Final = frozenset(words_of("ji garu saheb sahab जी ਜੀ గారు"))
_JOINERS: Final = "\u200c\u200d"
_SPELLED_MARKS: Final = "'’-"
_EDGES: Final = "'-"
_VOWELS: Final = frozenset("AEIOU")


def speakable_name(raw: str) -> str:
    """Return a person's name as it is said: no title, no "S/O ...", no capitals, nothing but letters and spaces.

    Args:
        raw: the name in the record, in any script; `InvalidInput` when it is longer than `MAX_NAME` or when
            nothing of it can be said.
    """
    if len(raw) > MAX_NAME:
        raise InvalidInput(f"the name is longer than {MAX_NAME} characters", "customer_name")
    text = " ".join(_BRACKETED.sub(" ", unicodedata.normalize("NFC", raw)).split())
    text = _without_titles(_RELATION.sub("", text))
    words = [_cased(word) for word in _letters_only(text).split() if word.strip(_EDGES)]
    if not any(character.isalpha() for character in "".join(words)):
        raise InvalidInput("the name has nothing that can be said", "customer_name")
    return " ".join(words)


def speakable_company(raw: str) -> str:
    """Return a company's name as it is said: digits and full stops stay, marks that a synthesiser may obey go.

    `InvalidInput` when it is longer than `MAX_NAME` or when nothing of it can be said.
    """
    if len(raw) > MAX_NAME:
        raise InvalidInput(f"the name is longer than {MAX_NAME} characters", "lender_name")
    text = unicodedata.normalize("NFC", _BRACKETED.sub(" ", raw).replace("&", " and "))
    said = " ".join("".join(c if _is_letter(c) or c.isdecimal() or c in ".,'-" else " " for c in text).split())
    if not any(character.isalpha() for character in said):
        raise InvalidInput("the name has nothing that can be said", "lender_name")
    return said.rstrip(".,")


def _without_titles(text: str) -> str:
    """Take titles off the front and honorifics off the end, but never the last word that is left."""
    words = text.replace(".", ". ").split()
    while len(words) > 1 and words[0].rstrip(".").casefold() in _TITLES:
        words.pop(0)
    while len(words) > 1 and words[-1].rstrip(".").casefold() in _HONORIFICS:
        words.pop()
    return " ".join(words)


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM" or character in _JOINERS


def _letters_only(text: str) -> str:
    return "".join(c if _is_letter(c) or c in _SPELLED_MARKS else " " for c in text).replace("’", "'")


def _cased(word: str) -> str:
    """Write a word so that it is read as one, and initials so that they are spelled out: RAMESH, Ramesh; KV, K V."""
    word = word.strip(_EDGES)
    if not (word.isupper() or word.islower()):
        return word
    if len(word) == 2 and word.isupper() and not _VOWELS & set(word):
        return " ".join(word)
    return word.title()
