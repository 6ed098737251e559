"""Tells which language a reply is in, and whether the call should change to it. No model, no network."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from services.dialog import data
from services.dialog.lexicon.vocabulary import english_key
from services.dialog.naming import Request, find_request
from services.dialog.text import Utterance, roman_key, script_of, tokens, utterance
from voicekit.languages import LANGUAGES

SURE_RECOGNISER: Final = 0.7
"""A recogniser's language probability from which it is believed; to be set by measurement."""
MAX_UNASKED_SWITCHES: Final = 2
"""Changes of language in one call that nobody asked for."""

_ASSAMESE: Final = frozenset("ৰৱ")
_DEVANAGARI: Final = frozenset({"hi-IN", "mr-IN"})


class Reason(StrEnum):
    """Why the language of the call changes or stays."""

    REQUESTED = "REQUESTED"
    """Asked for by name, or the present one refused in another."""
    NOT_SUPPORTED = "NOT_SUPPORTED"
    """Asked for a language that the assistant does not speak."""
    NONE_NAMED = "NONE_NAMED"
    """Wants another language, but named none."""
    SAME = "SAME"
    """Nothing speaks for another language."""
    TOO_SHORT = "TOO_SHORT"
    """Another language, but only a yes, a no, a greeting, or words that all languages share."""
    UNSURE = "UNSURE"
    """Another language, perhaps; once more on the next turn will settle it."""
    HEARD = "HEARD"
    """Clearly another language."""
    HEARD_TWICE = "HEARD_TWICE"
    """The same other language on two turns running."""
    LIMIT = "LIMIT"
    """Another language, but the call has changed often enough."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the recogniser thinks of the language."""

    language: str | None = None
    """One of the eleven; None when it gave none."""
    confidence: float | None = None
    """Its probability, 0 to 1; None when it gave none."""

    @property
    def sure(self) -> bool:
        """Whether it is to be believed; a recogniser that gives no probability is."""
        return self.confidence is None or self.confidence >= SURE_RECOGNISER


@dataclass(frozen=True, slots=True)
class Detection:
    """What one reply tells about language."""

    language: str
    """The language asked for or heard; the current one when nothing tells otherwise. Always one of the eleven."""
    requested: bool
    """Whether the borrower spoke about language at all, named or not."""
    evidence: str
    """What told: "request", "script", "words", "recogniser" or "none", and the words that decided."""
    confidence: float
    """0 to 1."""
    switch: bool
    """Whether the call should go on in `language` instead of the current one."""
    reason: Reason
    spoken: str
    """The language of the words themselves, whatever they ask for; the current one when nothing tells."""
    unsupported: str | None = None
    """Code of a language that was asked for and is none of the eleven."""

    @property
    def requested_language(self) -> str | None:
        """The supported language that was asked for, if one was."""
        return self.language if self.reason is Reason.REQUESTED else None


@dataclass(frozen=True, slots=True)
class Past:
    """What went before in the call."""

    history: Sequence[str] = ()
    """`Detection.language` of the earlier turns, oldest first."""
    switches: int = 0
    """How often the call has changed its language without being asked."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """The language of the words themselves, and what told it."""

    language: str | None
    by: str
    confidence: float
    words: tuple[str, ...] = ()


def detect_language(
    text: str,
    *,
    current: str,
    recogniser: str | None = None,
    recogniser_confidence: float | None = None,
    history: Sequence[str] = (),
    switches: int = 0,
) -> Detection:
    """Tell the language of `text` and whether to change to it from `current`.

    Args:
        text: what the recogniser wrote; any script.
        current: the language of the call, one of the eleven.
        recogniser: the recogniser's own opinion, any BCP-47 code; None when it gave none.
        recogniser_confidence: its probability, 0 to 1.
        history: `Detection.language` of the earlier turns, oldest first.
        switches: how often this call has changed its language without being asked.
    """
    opinion = Opinion(stand_in(recogniser, current), recogniser_confidence)
    return detect(utterance(text), current, opinion, Past(history, switches))


def detect(said: Utterance, current: str, opinion: Opinion, past: Past) -> Detection:
    """Do as `detect_language`, for a reply that is already cut into words."""
    own = _hear(said.words, current, opinion.language)
    heard = _with_opinion(own, opinion, said.words, current)
    request = find_request(said.words, said.clause_of)
    if request:
        return _requested(request, own, current, spoken=heard.language or current)
    return _unasked(heard, said.words, current, opinion, past)


def stand_in(code: str | None, current: str) -> str | None:
    """Return one of the eleven for what a recogniser answered; `current` for a language that has no stand-in."""
    if code is None or code in LANGUAGES:
        return code
    near = {"as-IN": "bn-IN", "kok-IN": "mr-IN"}.get(code)
    if near:
        return current if current == near else "hi-IN"
    return str(data.load("languages")["stand_in"].get(code, [current])[0])


def _requested(request: Request, own: _Heard, current: str, *, spoken: str) -> Detection:
    evidence = "request: " + " ".join(request.words)

    def found(language: str, reason: Reason, confidence: float = 1.0, unsupported: str | None = None) -> Detection:
        switch = reason is Reason.REQUESTED and language != current
        return Detection(language, True, evidence, confidence, switch, reason, spoken, unsupported)

    if request.wanted and request.supported:
        return found(request.wanted, Reason.REQUESTED)
    if request.wanted:
        return found(current, Reason.NOT_SUPPORTED, unsupported=request.wanted)
    if current in request.refused and own.language not in (None, current, *request.refused):
        return found(own.language or current, Reason.REQUESTED, 0.8)
    return found(current, Reason.NONE_NAMED, 0.8)


def _unasked(heard: _Heard, words: Sequence[str], current: str, opinion: Opinion, past: Past) -> Detection:
    evidence = f"{heard.by}: {' '.join(heard.words)}" if heard.words else heard.by
    if heard.language is None or heard.language == current:
        return Detection(current, False, evidence, heard.confidence, False, Reason.SAME, spoken=current)
    reason = _why(heard, _content_words(words, heard.by), opinion, past)
    switch = reason in (Reason.HEARD, Reason.HEARD_TWICE)
    return Detection(heard.language, False, evidence, heard.confidence, switch, reason, spoken=heard.language)


def _why(heard: _Heard, weight: int, opinion: Opinion, past: Past) -> Reason:
    """Weigh a reply in another language that holds `weight` words of content."""
    twice = bool(past.history) and past.history[-1] == heard.language
    if weight == 0 or (weight < 2 and not twice):
        return Reason.TOO_SHORT
    if not twice and not _clear(heard, opinion):
        return Reason.UNSURE
    if past.switches >= MAX_UNASKED_SWITCHES:
        return Reason.LIMIT
    return Reason.HEARD_TWICE if twice else Reason.HEARD


def _clear(heard: _Heard, opinion: Opinion) -> bool:
    """Tell whether script, words and recogniser leave no doubt on a single turn."""
    if opinion.language == heard.language:
        return opinion.sure
    if opinion.language is None:
        return heard.confidence >= SURE_RECOGNISER
    return heard.by == "script"  # a recogniser may echo the language it was told; letters it cannot echo


def _with_opinion(heard: _Heard, opinion: Opinion, words: Sequence[str], current: str) -> _Heard:
    """Take the recogniser's word where the text itself is silent and does not speak against it."""
    settled = heard.language not in (None, current) or heard.by in ("script", "words")
    if settled or opinion.language in (None, current) or not words:
        return heard
    own = "hi-IN" if opinion.language in _DEVANAGARI else opinion.language
    if {script_of(word) for word in words} - {None, "en-IN", own}:
        return heard
    return _Heard(opinion.language, "recogniser", opinion.confidence or 0.6)


def _hear(words: Sequence[str], current: str, opinion: str | None) -> _Heard:
    scripts = Counter(script for word in words if (script := script_of(word)))
    native = [(count, script) for script, count in scripts.items() if script != "en-IN"]
    if not native:
        return _hear_latin(words, current, opinion)
    script = max(native)[1]
    own = [word for word in words if script_of(word) == script]
    spelled = [word for word in own if english_key(word) != word]
    if len(spelled) == len(own) and _is_english([english_key(word) for word in words]):
        return _Heard("en-IN", "words", 0.8, tuple(spelled))
    if len(spelled) == len(own):
        return _Heard(None, "none", 0.3)
    if script == "hi-IN":
        return _hear_devanagari(own, current, opinion)
    if script == "bn-IN" and any(_ASSAMESE & set(word) for word in own):
        return _Heard(stand_in("as-IN", current), "words", 0.5, tuple(own))
    return _Heard(script, "script", 0.95, tuple(own))


def _hear_devanagari(words: Sequence[str], current: str, opinion: str | None) -> _Heard:
    hindi = [word for word in words if word in _words("hi") and word not in _words("mr")]
    marathi = [word for word in words if word not in _words("hi") and (word in _words("mr") or "ळ" in word)]
    if bool(hindi) != bool(marathi):
        told, language = (hindi, "hi-IN") if hindi else (marathi, "mr-IN")
        by = "script" if current not in _DEVANAGARI else "words"
        return _Heard(language, by, 0.9, tuple(told))
    likely = next((code for code in (current, opinion) if code in _DEVANAGARI), "hi-IN")
    return _Heard(likely, "none" if likely == current else "script", 0.5, tuple(words))


def _hear_latin(words: Sequence[str], current: str, opinion: str | None) -> _Heard:
    shared = _words_of_english("loan_words")
    found = {
        language: {word for word in words if roman_key(word) in _roman(language) and word not in shared}
        for language in LANGUAGES
        if language != "en-IN"
    }
    english = [word for word in words if word in _words_of_english("function_words")]
    if _is_english(words) and not (set(words) & _particles() - set(english)):
        strangers = [word for word in words if word not in english and any(word in told for told in found.values())]
        if len(strangers) < len(english):
            return _Heard("en-IN", "words", 0.85, tuple(english))
    best = max(len(told) for told in found.values())
    if not best:
        return _Heard(None, "none", 0.3)
    leaders = [language for language, told in found.items() if len(told) == best]
    language = next((code for code in (current, opinion) if code in leaders), leaders[0])
    lead = best - len(found.get(current, ()))
    if language != current and lead < 2 and language != opinion:
        return _Heard(None, "none", 0.3, tuple(found[language]))
    return _Heard(language, "words", 0.8 if len(leaders) == 1 and best >= 2 else 0.5, tuple(found[language]))


def _is_english(words: Sequence[str]) -> bool:
    function, shared = _words_of_english("function_words"), _words_of_english("loan_words")
    own = sum(word in function or word not in shared for word in words)
    return len(words) >= 3 and own >= 2 and any(word in function for word in words)


def _content_words(words: Sequence[str], by: str) -> int:
    """Count the words that carry a language: no yes, no, greeting, thanks, nor what all languages share."""
    if by == "words" and _is_english([english_key(word) for word in words]):
        return sum(english_key(word) not in _light() - _words_of_english("function_words") for word in words)
    return sum(word not in _light() and english_key(word) not in _words_of_english("loan_words") for word in words)


@cache
def _words(language: str) -> frozenset[str]:
    """Return the words that only Hindi ("hi") or only Marathi ("mr") has, folded."""
    other = "mr" if language == "hi" else "hi"
    lists = data.load("languages")
    own, others = ({word for text in lists[key].split() for word in tokens(text)} for key in (language, other))
    return frozenset(own - others)


@cache
def _roman(language: str) -> frozenset[str]:
    """Return the romanised words of a language: the chosen ones, and all of its listed phrases."""
    listed = data.load("phrases")["phrases"][language].values()
    words = [word for kinds in listed for form in kinds.get("roman", ()) for word in tokens(form)]
    words += data.load("languages")["roman"][language].split()
    return frozenset(roman_key(word) for word in words)


@cache
def _particles() -> frozenset[str]:
    return frozenset(data.load("languages")["particles"].split())


@cache
def _words_of_english(key: str) -> frozenset[str]:
    return frozenset(data.load("english")[key].split())


@cache
def _light() -> frozenset[str]:
    """Return the words of agreeing, refusing, greeting and thanking, of all languages."""
    light: set[str] = set()
    for language in LANGUAGES:
        lists, listed = data.load(f"words/{language}"), data.load("phrases")["phrases"][language]
        for key in ("ack", "hum", "thanks"):
            light.update(word for pattern in lists.get(key, "").split(",") for word in tokens(pattern))
        # "Can you hear me" is a greeting, but its words say other things too: "बोल रहा हूँ".
        light.update(parts[0] for pattern in lists["hello"].split(",") if len(parts := tokens(pattern)) == 1)
        for key in ("yes", "no"):
            for forms in listed[key].values():
                light.update(parts[0] for form in forms if len(parts := tokens(form)) == 1)
    return frozenset(light)
