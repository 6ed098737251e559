"""The order in which meanings go before one another, and what a negation does to each.

Word lists (`data/words/`): `yes` firm yes; `okay` consent, also idioms such as "no problem"; `go` "speak on";
`do` "do it"; `ack` "I see"; `hum` "hmm"; `no`; `refuse` what turns an offer down; `neg` other negating words; `coax`
words that are a coaxing tag after a request and a no elsewhere; `tag` other question tags; `query` "really?"; `dunno`
"I don't know"; `but`; `unpaid`; `third` words about somebody else, or of asking: no plain yes holds them; `filler`,
`thanks`, `hello`; the rest are meanings of their own, in `_ORDER`.
"""

from dataclasses import dataclass
from typing import Final, Literal

from services.dialog.intents import Intent
from services.dialog.lexicon.patterns import Hit
from services.dialog.lexicon.scan import Scan, look_up
from services.dialog.lexicon.similar import closest
from services.dialog.text import Utterance

DecidedBy = Literal["lexicon", "rules", "model", "none"]

_ORDER: Final = {
    "announcement": Intent.ANNOUNCEMENT,
    "deceased": Intent.DECEASED,
    "recording": Intent.RECORDING_OBJECTION,
    "optout": Intent.OPT_OUT,
    "wrong": Intent.WRONG_NUMBER,
    "absent": Intent.NOT_HERE,
    "dispute": Intent.DISPUTE,
    "distress": Intent.DISTRESS,
    "paid": Intent.ALREADY_PAID,
    "language": Intent.CHANGE_LANGUAGE,
    "agent": Intent.AGENT,
    "hardship": Intent.HARDSHIP,
    "later": Intent.CALL_LATER,
    "who": Intent.WHO_IS_THIS,
    "repeat": Intent.REPEAT,
    "wait": Intent.WAIT,
}
_HOLD_THEIR_OWN_NEGATION: Final = {
    "announcement",
    "optout",
    "recording",
    "absent",
    "hardship",
    "repeat",
    "language",
    "distress",
}
_SELF_CONTAINED: Final = {"wrong", "dispute", "deceased"}
_ENGLISH_VERBS: Final = {
    "talk",
    "speak",
    "connect",
    "transfer",
    "give",
    "get",
    "put",
    "let",
    "please",
    "i",
    "want",
    "hand",
}
_EVERYWHERE: Final = "hi-IN"
_MIN_HINDI_LETTERS: Final = 4  # shorter words mean other things elsewhere
_MAX_UNKNOWN: Final = {"yes": 2, "okay": 1, "go": 2, "do": 0, "ack": 0, "no": 3}


@dataclass(frozen=True, slots=True)
class Reading:
    """What the lexicon makes of a reply."""

    intent: Intent
    confidence: float
    """0 to 1. A firm yes with nothing unknown beside it has 0.95 or more, mere consent ("ok") less."""
    decided_by: DecidedBy
    """`none`: the words do not tell, a model may. UNCLEAR by `rules` is a finding: ask again."""
    words: tuple[str, ...] = ()
    """The words that decided."""


_NOTHING: Final = Reading(Intent.UNCLEAR, 0.0, "none")


def decide(said: Utterance, *, language: str, heard: str | None = None, asks_for_language: bool = False) -> Reading:
    """Decide what a reply means.

    Args:
        said: the reply, cut into words.
        language: the language of the call: short words are looked up in it.
        heard: the language that the reply itself is in, where that is known and another.
        asks_for_language: whether an explicit request for a language was found in it.
    """
    if not said.words:
        return Reading(Intent.SILENCE, 1.0, "rules")
    found = look_up(said, language, heard)
    reading = _meaning(found, asks_for_language) or _yes_or_no(found) or _leftover(found, language)
    return _hindi(said) or reading if reading is _NOTHING and language != _EVERYWHERE else reading


def _hindi(said: Utterance) -> Reading | None:
    """Read romanised Hindi, which the whole country mixes in ("nahi"), where the call's own lists are silent."""
    if not all(word.isascii() for word in said.words):
        return None
    found = look_up(said, _EVERYWHERE)
    reading = _meaning(found, asks_for_language=False) or _yes_or_no(found)
    long_words = reading and all(len(word) >= _MIN_HINDI_LETTERS for word in reading.words)
    return reading if reading and reading.decided_by != "none" and long_words else None


def _meaning(said: Scan, asks_for_language: bool) -> Reading | None:
    """Return the first meaning, in order, that is not negated."""
    negated: Hit | None = None
    for label, intent in _ORDER.items():
        if label == "language" and asks_for_language:
            return Reading(Intent.CHANGE_LANGUAGE, 0.95, "rules")
        for hit in said.hits(label):
            if label in ("paid", "later") and said.hits("unpaid"):
                return Reading(Intent.UNCLEAR, 0.0, "none", said.text(hit))
            if label == "agent" and _declines_agent(said, hit):
                return Reading(Intent.NO, 0.9, "rules", said.text(hit))
            if label in _HOLD_THEIR_OWN_NEGATION or label == "agent" or not _negated(said, hit):
                return _found(said, hit, intent)
            negated = hit
    return Reading(Intent.UNCLEAR, 0.3, "none", said.text(negated)) if negated else None


def _found(said: Scan, hit: Hit, intent: Intent) -> Reading:
    unknown = said.unknown_beside(hit)
    by: DecidedBy = "rules" if unknown else "lexicon"
    return Reading(intent, max(0.7, 0.95 - 0.04 * unknown), by, said.text(hit))


def _negated(said: Scan, hit: Hit) -> bool:
    """Tell whether a negation clings to the phrase: right behind it, or an English one just before it."""
    for other in said.negations(outside=hit):
        if said.clause_of[other.start] != said.clause_of[hit.start]:
            continue
        if other.start == hit.end and (hit.label not in _SELF_CONTAINED or hit.end - hit.start <= 2):
            return True
        english = said.words[other.end - 1] in {"not", "never", "isnt", "dont", "didnt", "havent", "hasnt", "wasnt"}
        if english and 0 <= hit.start - other.end <= 1:
            return True
    return False


def _declines_agent(said: Scan, hit: Hit) -> bool:
    """Tell whether an agent is turned down: "agent nahi chahiye", but not "no, I want to talk to an agent"."""
    for other in said.negations(outside=hit):
        if any(machine.end <= other.start <= machine.end + 1 for machine in said.hits("machine")):
            continue  # "not a machine, a person"
        same_clause = said.clause_of[other.start] == said.clause_of[hit.start]
        if other.end > hit.end:
            if same_clause or other.label in ("no", "refuse"):
                return True
        elif other.label == "refuse" or not said.is_bare(other):
            if same_clause or other.label == "refuse":
                return True
        elif same_clause and other.end == hit.start and said.words[hit.start] not in _ENGLISH_VERBS:
            return True
    return False


def _yes_or_no(said: Scan) -> Reading | None:
    denials = [*said.hits("no"), *said.hits("refuse")]
    agreement = [*said.hits("yes"), *said.hits("okay")]
    if denials:
        return _with_denial(said, denials, agreement)
    if said.hits("neg") or said.hits("dunno") or said.hits("unpaid"):
        return _NOTHING
    return _agreement(said)


def _with_denial(said: Scan, denials: list[Hit], agreement: list[Hit]) -> Reading:
    first = min(hit.start for hit in denials)
    words = said.text(*denials)
    if agreement:
        but = next(iter(said.hits("but")), None)
        after_but = but is not None and all(hit.end <= but.start for hit in agreement) and first >= but.end
        turned_down = any(
            not said.is_bare(denial) and all(hit.end <= denial.start for hit in agreement) for denial in denials
        )
        if after_but or turned_down:
            return Reading(Intent.NO, 0.85, "rules", words)
        return Reading(Intent.UNCLEAR, 0.8, "rules", words + said.text(*agreement))
    orders = [hit for label in ("go", "do") for hit in said.hits(label)]
    if orders:
        return _denial_and_order(said, denials, orders)
    unknown = said.unknown()
    if said.hits("third") or said.hits("unpaid") or unknown > _MAX_UNKNOWN["no"]:
        return Reading(Intent.UNCLEAR, 0.0, "none", words)
    return Reading(Intent.NO, 0.95 - 0.08 * unknown, "rules" if unknown else "lexicon", words)


def _denial_and_order(said: Scan, denials: list[Hit], orders: list[Hit]) -> Reading:
    """Read "no no, tell me" as go on. One bare no right before the verb may forbid it: "na bolo"."""
    end = max(hit.end for hit in denials)
    order = min(hit.start for hit in orders)
    words = said.text(*denials, *orders)
    only_bare = all(said.is_bare(hit) for hit in denials) and not said.hits("neg")
    apart = end <= order and (said.clause_of[end - 1] != said.clause_of[order] or said.doubled(denials))
    if only_bare and (apart or (end <= order and not said.forbids_by_leading_no)) and said.unknown() <= 1:
        return Reading(Intent.GO_AHEAD, 0.8, "rules", words)
    if all(not said.is_bare(hit) for hit in denials) and order < end:
        return Reading(Intent.NO, 0.7, "rules", words)
    return Reading(Intent.UNCLEAR, 0.6, "rules", words)


def _agreement(said: Scan) -> Reading | None:
    label = next((label for label in ("yes", "okay", "go", "do", "ack") if said.hits(label)), None)
    if label is None or (label == "ack" and (said.hits("hello") or said.hits("thanks"))):
        return None
    words, unknown = said.text(*said.hits(label)), said.unknown()
    if said.hits("query") or said.hits("third") or said.hits("but") or unknown > _MAX_UNKNOWN[label]:
        return Reading(Intent.UNCLEAR, 0.0, "none", words)
    if said.coaxed and label in ("yes", "okay"):
        if not said.hits("go"):
            return Reading(Intent.UNCLEAR, 0.6, "rules", words)  # "haan karo na": too near to yes and no
        label = "go"
    if said.asks and label != "go" and not said.hits("go"):
        return Reading(Intent.UNCLEAR, 0.4, "none", words)  # "yes?" is "pardon?"
    by: DecidedBy = "rules" if unknown else "lexicon"
    firmness = {"yes": 0.98, "okay": 0.85, "go": 0.9, "do": 0.75, "ack": 0.6}[label] - 0.04 * unknown
    intent = Intent.GO_AHEAD if label in ("go", "ack") else Intent.YES
    return Reading(intent, round(firmness, 2), by, words)


def _leftover(said: Scan, language: str) -> Reading:
    hello = said.hits("hello")
    if hello and said.unknown() == 0 and not said.hits("third"):
        return Reading(Intent.HELLO, 0.9, "lexicon", said.text(*hello))
    if said.unknown() == 0 and (said.hits("thanks") or said.hits("hum")):
        return Reading(Intent.UNCLEAR, 0.8, "rules", tuple(said.words))  # noise is often written as politeness
    label = closest(said, language)
    if label in _ORDER:
        return Reading(_ORDER[label], 0.7, "rules", tuple(said.words))
    return _NOTHING
