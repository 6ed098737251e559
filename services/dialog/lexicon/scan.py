"""Looks a reply up in the word lists, and settles which of overlapping phrases count."""

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from services.dialog.lexicon.patterns import Hit
from services.dialog.lexicon.vocabulary import vocabulary
from services.dialog.text import Utterance, script_of, utterance

# Words that may stand beside a phrase without changing it.
_LIGHT: Final = frozenset(
    {
        "filler",
        "thanks",
        "hello",
        "ack",
        "hum",
        "tag",
        "coax",
        "yes",
        "okay",
        "go",
        "do",
        "no",
        "refuse",
        "query",
        "but",
    }
)
_NEGATIONS: Final = ("no", "refuse", "neg")
# Of phrases over the very same words, the earlier in this list counts; meanings of their own come before all.
_RANK: Final = {
    label: rank
    for rank, label in enumerate(
        ("unpaid", "dunno", "tag", "query", "refuse", "no", "yes", "okay", "go", "do", "ack", "hum",
         "hello", "thanks", "machine", "but", "neg", "third", "filler"), start=1,
    )
}  # fmt: skip
# What must be noticed even inside a longer phrase of another meaning.
_NEVER_HIDDEN: Final = frozenset({"announcement", "deceased", "recording", "distress"})
# In these languages "na" or "nahi" before a verb forbids ("na bolo"): it does not clear the way.
_FORBID_BY_LEADING_NO: Final = frozenset({"hi-IN", "gu-IN", "pa-IN"})


class Scan:
    """The words of a reply and the phrases found in them."""

    def __init__(self, said: Utterance, found: list[Hit], language: str) -> None:
        self.words = said.words
        self.clause_of = said.clause_of
        self.asks = said.asks
        self.language = language
        self.coaxed = False
        """Whether a no was taken for a coaxing tag: "boliye na"."""
        self._raw = found
        self._hits = self._settle(found)
        self._by_label: dict[str, list[Hit]] = {}
        for hit in self._hits:
            self._by_label.setdefault(hit.label, []).append(hit)

    def hits(self, label: str) -> list[Hit]:
        """Return the phrases of one label that count, in the order of the words."""
        return self._by_label.get(label, [])

    def text(self, *hits: Hit | None) -> tuple[str, ...]:
        """Return the words of the hits."""
        return tuple(" ".join(self.words[hit.start : hit.end]) for hit in hits if hit)

    def negations(self, outside: Hit) -> list[Hit]:
        """Return what negates and is not itself a part of the phrase."""
        return [
            hit
            for label in _NEGATIONS
            for hit in self.hits(label)
            if not (outside.start <= hit.start and hit.end <= outside.end)
        ]

    def unknown(self) -> int:
        """Count the words that no phrase explains."""
        return len(self.words) - len(self._explained)

    def unknown_beside(self, hit: Hit) -> int:
        """Count the words that neither `hit` nor a light word explains."""
        light = {at for other in self._hits if other.label in _LIGHT for at in range(other.start, other.end)}
        return sum(at not in light and not hit.start <= at < hit.end for at in range(len(self.words)))

    def is_bare(self, hit: Hit) -> bool:
        """Tell a mere no ("nahi ji", "no no") from one that says what is not wanted ("no need")."""
        if hit.label == "refuse":
            return False
        plain = {"no", "coax", "filler", "ack", "hello", "neg"}
        single = {other.start for other in self._raw if other.end - other.start == 1 and other.label in plain}
        refused = {other.start for other in self._raw if other.end - other.start == 1 and other.label == "refuse"}
        return all(at in single and at not in refused for at in range(hit.start, hit.end))

    def doubled(self, hits: Sequence[Hit]) -> bool:
        """Tell whether the no is said twice: "nahi nahi"."""
        return sum(hit.end - hit.start for hit in hits) >= 2

    @property
    def forbids_by_leading_no(self) -> bool:
        """Whether a no before a verb forbids it, in this language."""
        return self.language in _FORBID_BY_LEADING_NO

    @cached_property
    def _explained(self) -> set[int]:
        return {at for hit in self._hits for at in range(hit.start, hit.end)}

    def _settle(self, found: list[Hit]) -> list[Hit]:
        found = [
            hit for hit in found if hit.label not in _LIGHT or self.clause_of[hit.start] == self.clause_of[hit.end - 1]
        ]
        firm = [hit for hit in found if not hit.alone]
        light = {at for hit in firm if hit.label in _LIGHT for at in range(hit.start, hit.end)}
        everywhere = range(len(self.words))
        firm += [
            hit for hit in found if hit.alone and all(hit.start <= at < hit.end or at in light for at in everywhere)
        ]
        return self._without_tags(_longest(firm))

    def _without_tags(self, hits: list[Hit]) -> list[Hit]:
        """Drop a no that only coaxes: at the end of a clause, right behind a request or a statement."""
        tags = {
            hit.start
            for hit in hits
            if hit.label == "coax" and hit.start and self._ends_clause(hit, hits) and self._follows_request(hit, hits)
        }
        self.coaxed = bool(tags)
        return [
            hit
            for hit in hits
            if hit.label != "coax" and not (hit.start in tags and hit.label in ("no", "neg", "refuse"))
        ]

    def _ends_clause(self, hit: Hit, hits: list[Hit]) -> bool:
        light = {at for other in hits if other.label in ("filler", "coax") for at in range(other.start, other.end)}
        rest = range(hit.end, len(self.words))
        return all(at in light for at in rest if self.clause_of[at] == self.clause_of[hit.start])

    def _follows_request(self, hit: Hit, hits: list[Hit]) -> bool:
        return self.clause_of[hit.start - 1] == self.clause_of[hit.start] and any(
            other.end == hit.start
            and (other.label in ("go", "do") or other.label not in _RANK)
            and other.label != "coax"
            for other in hits
        )


def scan(text: str, language: str, heard: str | None = None) -> Scan:
    """Look `text` up, as `look_up` does."""
    return look_up(utterance(text), language, heard)


def look_up(said: Utterance, language: str, heard: str | None = None) -> Scan:
    """Look a reply up in the lists of the call's language, of the language heard, and of English."""
    found: list[Hit] = []
    for code in _languages(said.words, language, heard):
        found += vocabulary(code).find(said.words, said.clause_of)
    return Scan(said, found, heard or language)


def _languages(words: Sequence[str], language: str, heard: str | None) -> list[str]:
    """Return the languages to look words up in. Hindi and Marathi share a script: Marathi stands for both."""
    chosen = dict.fromkeys([heard or language, language, "en-IN"])
    for word in words:
        script = script_of(word)
        if script and not (script == "hi-IN" and "mr-IN" in chosen):
            chosen[script] = None
    return list(chosen)


def _longest(hits: list[Hit]) -> list[Hit]:
    """Drop every hit that lies inside a longer one, and of several over the same words all but the first in rank."""
    kept: list[Hit] = []
    best: dict[tuple[int, int], Hit] = {}
    for hit in sorted(set(hits), key=lambda hit: (_RANK.get(hit.label, 0), hit.label)):
        if hit.label == "coax":
            kept.append(hit)
        else:
            span = (hit.start, hit.end)
            if span not in best:
                best[span] = hit
            elif hit.label not in _RANK and best[span].label not in _RANK:
                kept.append(hit)
    kept += best.values()
    longer = [
        hit
        for hit in kept
        if hit.label in _NEVER_HIDDEN
        or not any(
            other.start <= hit.start and hit.end <= other.end and other.end - other.start > hit.end - hit.start
            for other in best.values()
        )
    ]
    return sorted(longer)
