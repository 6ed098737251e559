"""An independent listener: eSpeak NG knows how each number sounds in each language, from tables that are not ours.

Our words and its reading never agree sound for sound (it stresses, lengthens and drops vowels in its own way), so the
test asks what a listener would: of all numbers that could have been meant, which one is nearest to what was said?
"""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from rapidfuzz.distance import Levenshtein

from services.dialog.spoken.numbers import cardinal
from tests.dialog.spoken.espeak import phonemes
from voicekit.languages import LANGUAGES

BELOW_HUNDRED = range(100)
ROUND = tuple(count * place for place in (100, 1_000, 10_000, 1_00_000, 1_00_00_000) for count in range(1, 10))
FAR = 0.4
"""Share of sounds that may differ before a word counts as another word."""

DISAGREEMENTS: dict[str, dict[int, str]] = yaml.safe_load(
    (Path(__file__).parent / "espeak_disagreements.yaml").read_text(encoding="utf-8")
)

NOTATION = [(r"@-|[',%_!|; ^\d-]", "")]
"""Stress, pauses and variants of a sound, as eSpeak writes them."""

# The same sound, which eSpeak's number tables and its reading of letters write differently.
SPELLED_DIFFERENTLY = {
    "ml-IN": [("d", "t"), ("[bv]", "p")],
    "bn-IN": [("(?<=S)h", "#")],
    "kn-IN": [("#:|#", "")],
    "pa-IN": [("N", "~")],
    "ta-IN": [("[V@]", "a")],
    "or-IN": [("(?<=[tcs])h", "#"), ("c", "tS")],
}
# What is left when length, breath, place of the tongue and nasal vowels are not told apart.
COARSE = [
    (r"[:#.~hj]", ""),
    ("tS", "c"),
    ("dZ|J|z", "j"),
    ("S", "s"),
    ("[R*l]", "r"),
    ("[V@]", "a"),
    ("O", "o"),
    ("&", "e"),
    ("I", "i"),
    ("[Uy]", "u"),
    ("E", "e"),
    ("w", "v"),
    ("H", "h"),
    ("[Nnm]", ""),
    (r"(.)\1", r"\1"),
]

DOTTED = (
    "\u0958\u0959\u095a\u095b\u095c\u095d\u095e\u095f\u09dc\u09dd\u09df\u0a33\u0a36\u0a59\u0a5a\u0a5b\u0a5e\u0b5c\u0b5d"
)


def substituted(text: str, rules: list[tuple[str, str]]) -> str:
    for old, new in rules:
        text = re.sub(old, new, text)
    return text


def composed(text: str) -> str:
    """Write letters with a dot below as one code point, the only way in which eSpeak knows them."""
    for letter in DOTTED:
        text = text.replace(unicodedata.normalize("NFD", letter), letter)
    return text


@cache
def heard() -> dict[str, list[str]]:
    """Phonemes by language: its own reading of each number, then of our words for it."""
    numbers = (*BELOW_HUNDRED, *ROUND)
    texts = {
        language: [str(n) for n in numbers] + [composed(cardinal(n, language)) for n in numbers]
        for language in LANGUAGES
    }
    return {
        language: [substituted(sound, NOTATION + SPELLED_DIFFERENTLY.get(language, [])) for sound in sounds]
        for language, sounds in phonemes(texts).items()
    }


def misheard(language: str, first: int, numbers: tuple[int, ...]) -> dict[int, str]:
    sounds, half = heard()[language], len(BELOW_HUNDRED) + len(ROUND)
    theirs = sounds[first : first + len(numbers)]
    ours = sounds[half + first : half + first + len(numbers)]
    theirs_coarse = [substituted(sound, COARSE) for sound in theirs]
    found = {}
    for index, (number, sound) in enumerate(zip(numbers, ours, strict=True)):
        coarse = substituted(sound, COARSE)
        distances = [
            Levenshtein.distance(sound, fine) + 2 * Levenshtein.distance(coarse, rough)
            for fine, rough in zip(theirs, theirs_coarse, strict=True)
        ]
        nearer = [numbers[i] for i, d in enumerate(distances) if i != index and d <= distances[index]]
        if nearer or Levenshtein.normalized_distance(coarse, theirs_coarse[index]) > FAR:
            found[number] = f"{cardinal(number, language)} [{sound}] for [{theirs[index]}], nearer: {nearer}"
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_number_sounds_like_itself_and_no_other(language: str) -> None:
    found = misheard(language, 0, tuple(BELOW_HUNDRED))
    if language != "en-IN":  # its English has no lakh
        found |= misheard(language, len(BELOW_HUNDRED), ROUND)
    reviewed = DISAGREEMENTS.get(language, {})
    assert {n: what for n, what in found.items() if n not in reviewed} == {}
    assert sorted(reviewed.keys() - found.keys()) == [], "these agree now: take them off the list"


@pytest.mark.parametrize(("said", "meant"), [(82, 83), (15, 50), (9, 10), (800, 900)])
def test_the_listener_would_notice_a_wrong_word(said: int, meant: int, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = (*BELOW_HUNDRED, *ROUND)
    sounds: Any = dict(heard())
    wrong = list(sounds["kn-IN"])
    wrong[len(numbers) + numbers.index(meant)] = wrong[len(numbers) + numbers.index(said)]
    sounds["kn-IN"] = wrong
    monkeypatch.setitem(globals(), "heard", lambda: sounds)
    first = 0 if meant < 100 else len(BELOW_HUNDRED)
    assert meant in misheard("kn-IN", first, tuple(BELOW_HUNDRED) if meant < 100 else ROUND)


def test_every_disagreement_is_explained() -> None:
    assert all(why for reasons in DISAGREEMENTS.values() for why in reasons.values())
    assert all(len(reasons) <= 12 for reasons in DISAGREEMENTS.values())
