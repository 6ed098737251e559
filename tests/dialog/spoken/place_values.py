"""Reads number words back: what a listener makes of them who knows the place values of each language.

Written from the grammar, not from the generator: places, their inflected forms and what may stand under what are named
here. Only the words for 0 to 99 of the languages in which each is a word of its own are learned from the product;
`test_sounds_like_espeak.py` checks those against a listener who learned them elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from services.dialog.spoken.numbers import cardinal

HUNDRED, THOUSAND, LAKH, CRORE = 100, 1_000, 1_00_000, 1_00_00_000


class Unreadable(Exception):
    pass


@dataclass(frozen=True)
class Grammar:
    places: dict[str, int]
    """Words that multiply what stands before them."""

    hundreds: dict[str, int] = field(default_factory=dict)
    """Words that are a whole number of hundreds."""

    small: dict[str, int] = field(default_factory=dict)
    """Words below a hundred."""

    alone: frozenset[str] = frozenset()
    """Forms that end a number: nothing may follow."""

    before_more: frozenset[str] = frozenset()
    """Forms that never end a number."""

    melted_thousands: tuple[tuple[str, dict[str, str]], ...] = ()
    """Endings of words that hold multiplier and thousand, and how the multiplier's own ending is restored."""

    units_apart: bool = False
    """Tens and units are words of their own, "twenty three"; elsewhere each number to 99 is one word."""

    filler: str = ""


def numbered(words: str, first: int = 0, step: int = 1) -> dict[str, int]:
    return {word: first + step * index for index, word in enumerate(words.split())}


def learned(language: str) -> dict[str, int]:
    return {cardinal(number, language): number for number in range(100)}


def hundreds_of(alone: str, joined: str) -> tuple[dict[str, int], frozenset[str], frozenset[str]]:
    both = numbered(alone, 100, 100) | numbered(joined, 100, 100)
    return (
        both,
        frozenset(alone.split()) - frozenset(joined.split()),
        frozenset(joined.split()) - frozenset(alone.split()),
    )


@cache
def grammar(language: str) -> Grammar:
    return _GRAMMARS[language]()


def _english() -> Grammar:
    units = numbered(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen"
    )
    tens = numbered("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10)
    return Grammar(
        places={"hundred": HUNDRED, "thousand": THOUSAND, "lakh": LAKH, "crore": CRORE},
        small=units | tens,
        units_apart=True,
        filler="and",
    )


def _northern(language: str, hundred: str, thousand: str, lakh: str, crore: str) -> Grammar:
    places = {thousand: THOUSAND, lakh: LAKH, crore: CRORE}
    if " " not in hundred:
        return Grammar(places=places | {hundred: HUNDRED}, small=learned(language))
    return Grammar(places=places, hundreds=numbered(hundred, 100, 100), small=learned(language))


def _marathi() -> Grammar:
    hundreds, alone, before_more = hundreds_of(
        "शंभर दोनशे तीनशे चारशे पाचशे सहाशे सातशे आठशे नऊशे", "एकशे दोनशे तीनशे चारशे पाचशे सहाशे सातशे आठशे नऊशे"
    )
    return Grammar(
        places={"हजार": THOUSAND, "लाख": LAKH, "कोटी": CRORE},
        hundreds=hundreds,
        small=learned("mr-IN"),
        alone=alone,
        before_more=before_more,
    )


def _tamil() -> Grammar:
    units = numbered(
        "பூஜ்ஜியம் ஒன்று இரண்டு மூன்று நான்கு ஐந்து ஆறு ஏழு எட்டு ஒன்பது பத்து பதினொன்று பன்னிரண்டு பதிமூன்று பதினான்கு "
        "பதினைந்து பதினாறு பதினேழு பதினெட்டு பத்தொன்பது"
    )
    tens = numbered("இருபது முப்பது நாற்பது ஐம்பது அறுபது எழுபது எண்பது தொண்ணூறு", 20, 10)
    linking = numbered("இருபத்து முப்பத்து நாற்பத்து ஐம்பத்து அறுபத்து எழுபத்து எண்பத்து தொண்ணூற்று", 20, 10)
    hundreds, alone, before_more = hundreds_of(
        "நூறு இருநூறு முந்நூறு நானூறு ஐநூறு அறுநூறு எழுநூறு எண்ணூறு தொள்ளாயிரம்",
        "நூற்று இருநூற்று முந்நூற்று நானூற்று ஐநூற்று அறுநூற்று எழுநூற்று எண்ணூற்று தொள்ளாயிரத்து",
    )
    return Grammar(
        places={
            "ஆயிரம்": THOUSAND,
            "ஆயிரத்து": THOUSAND,
            "லட்சம்": LAKH,
            "லட்சத்து": LAKH,
            "கோடி": CRORE,
            "கோடியே": CRORE,
        },
        hundreds=hundreds,
        small=units | tens | linking | {"ஒரு": 1, "பதினோரு": 11},
        alone=alone | {"ஆயிரம்", "லட்சம்", "கோடி"},
        units_apart=True,
        before_more=before_more | linking.keys() | {"ஆயிரத்து", "லட்சத்து", "கோடியே"},
        melted_thousands=tuple(
            (ending, {"": "ு", "பதினோர": "பதினொன்று", "ஓர": "ஒன்று"}) for ending in ("ாயிரம்", "ாயிரத்து")
        ),
    )


def _telugu() -> Grammar:
    units = numbered(
        "సున్నా ఒకటి రెండు మూడు నాలుగు ఐదు ఆరు ఏడు ఎనిమిది తొమ్మిది పది పదకొండు పన్నెండు పదమూడు పద్నాలుగు పదిహేను పదహారు పదిహేడు పద్దెనిమిది పంతొమ్మిది"
    )
    tens = numbered("ఇరవై ముప్పై నలభై యాభై అరవై డెబ్బై ఎనభై తొంభై", 20, 10)
    return Grammar(
        places={
            "వందలు": HUNDRED,
            "వందల": HUNDRED,
            "వేలు": THOUSAND,
            "వేల": THOUSAND,
            "వెయ్యి": THOUSAND,
            "లక్ష": LAKH,
            "లక్షలు": LAKH,
            "లక్షల": LAKH,
            "కోటి": CRORE,
            "కోట్లు": CRORE,
            "కోట్ల": CRORE,
        },
        hundreds={"వంద": 100, "నూట": 100},
        units_apart=True,
        small=units | tens | {"ఒక": 1, "ఒక్క": 1},
        alone=frozenset({"వంద", "వందలు", "వేలు", "లక్షలు", "కోట్లు"}),
        before_more=frozenset({"నూట", "వందల", "వేల", "లక్షల", "కోట్ల", "ఒక", "ఒక్క"}),
    )


def _kannada() -> Grammar:
    hundreds, alone, before_more = hundreds_of(
        "ನೂರು ಇನ್ನೂರು ಮುನ್ನೂರು ನಾನೂರು ಐನೂರು ಆರುನೂರು ಏಳುನೂರು ಎಂಟುನೂರು ಒಂಬೈನೂರು",
        "ನೂರ ಇನ್ನೂರ ಮುನ್ನೂರ ನಾನೂರ ಐನೂರ ಆರುನೂರ ಏಳುನೂರ ಎಂಟುನೂರ ಒಂಬೈನೂರ",
    )
    return Grammar(
        places={
            "ಸಾವಿರ": THOUSAND,
            "ಸಾವಿರದ": THOUSAND,
            "ಲಕ್ಷ": LAKH,
            "ಲಕ್ಷದ": LAKH,
            "ಕೋಟಿ": CRORE,
            "ಕೋಟಿಯ": CRORE,
        },
        hundreds=hundreds,
        small=learned("kn-IN"),
        alone=alone | {"ಸಾವಿರ", "ಲಕ್ಷ", "ಕೋಟಿ"},
        before_more=before_more | {"ಸಾವಿರದ", "ಲಕ್ಷದ", "ಕೋಟಿಯ"},
    )


def _malayalam() -> Grammar:
    hundreds, alone, before_more = hundreds_of(
        "നൂറ് ഇരുന്നൂറ് മുന്നൂറ് നാനൂറ് അഞ്ഞൂറ് അറുനൂറ് എഴുനൂറ് എണ്ണൂറ് തൊള്ളായിരം",
        "നൂറ്റി ഇരുന്നൂറ്റി മുന്നൂറ്റി നാനൂറ്റി അഞ്ഞൂറ്റി അറുനൂറ്റി എഴുനൂറ്റി എണ്ണൂറ്റി തൊള്ളായിരത്തി",
    )
    melted = {
        "പതിന": "പത്ത്",
        "പത്തൊമ്പതിന": "പത്തൊമ്പത്",
        "പതിനയ്യ": "പതിനഞ്ച്",
        "മൂവ": "മൂന്ന്",
        "അയ്യ": "അഞ്ച്",
        "എണ്ണ": "എട്ട്",
        "": "്",
    }
    melted |= {f"{ten}തിന": f"{ten}ത്" for ten in ("ഇരുപ", "മുപ്പ", "നാല്പ", "അമ്പ", "അറുപ", "എഴുപ", "എൺപ", "ഒമ്പ")}
    melted |= {"യൊമ്പതിന": "യൊമ്പത്", "യയ്യ": "യഞ്ച്", "ത്തിമൂവ": "ത്തിമൂന്ന്", "റ്റിമൂവ": "റ്റിമൂന്ന്", "പതിമൂവ": "പതിമൂന്ന്"}
    return Grammar(
        places={"ആയിരം": THOUSAND, "ആയിരത്തി": THOUSAND, "ലക്ഷം": LAKH, "ലക്ഷത്തി": LAKH, "കോടി": CRORE},
        hundreds=hundreds,
        small=learned("ml-IN") | {"ഒരു": 1},
        alone=alone | {"ആയിരം", "ലക്ഷം"},
        before_more=before_more | {"ആയിരത്തി", "ലക്ഷത്തി", "ഒരു"},
        melted_thousands=tuple((ending, melted) for ending in ("ായിരം", "ായിരത്തി")),
    )


_GRAMMARS: dict[str, Callable[[], Grammar]] = {
    "en-IN": _english,
    "hi-IN": lambda: _northern("hi-IN", "सौ", "हज़ार", "लाख", "करोड़"),
    "ta-IN": _tamil,
    "te-IN": _telugu,
    "ml-IN": _malayalam,
    "gu-IN": lambda: _northern("gu-IN", "એકસો બસો ત્રણસો ચારસો પાંચસો છસો સાતસો આઠસો નવસો", "હજાર", "લાખ", "કરોડ"),
    "mr-IN": _marathi,
    "bn-IN": lambda: _northern("bn-IN", "একশো দুশো তিনশো চারশো পাঁচশো ছশো সাতশো আটশো নশো", "হাজার", "লাখ", "কোটি"),
    "kn-IN": _kannada,
    "pa-IN": lambda: _northern("pa-IN", "ਸੌ", "ਹਜ਼ਾਰ", "ਲੱਖ", "ਕਰੋੜ"),
    "or-IN": lambda: _northern("or-IN", "ଶହ", "ହଜାର", "ଲକ୍ଷ", "କୋଟି"),
}


def read(words: str, language: str) -> int:
    """Return the number that `words` say; `Unreadable` when they break the language's order of places or forms."""
    tokens = words.split(" ")
    total, group, room, last_place = 0, 0, HUNDRED * 10, CRORE * 100
    for index, token in enumerate(tokens):
        kind, value, ends, continues = _meaning(token, language)
        final = index == len(tokens) - 1
        if (ends and not final) or (continues and final):
            raise Unreadable(f"{token} cannot stand there")
        if kind == "filler":
            if final or not (total or group):
                raise Unreadable(token)
        elif kind == "add":
            if value >= room or (value == 0 and len(tokens) > 1):
                raise Unreadable(f"{token} after {group}")
            group, room = group + value, _room_under(value, grammar(language))
        elif value == HUNDRED:
            if group > 9 or room == HUNDRED:
                raise Unreadable(token)
            group, room = (group or 1) * HUNDRED, HUNDRED
        else:
            if value >= last_place or group > 99:
                raise Unreadable(f"{token} after {group}")
            total, group, room, last_place = total + (group or 1) * value, 0, HUNDRED * 10, value
    return total + group


def _room_under(value: int, known: Grammar) -> int:
    """Say how small the next word of the same group must be: five hundred takes twenty, twenty takes three."""
    if value >= HUNDRED:
        return HUNDRED
    return 10 if known.units_apart and value % 10 == 0 and value >= 20 else 0


@cache
def _meaning(token: str, language: str) -> tuple[str, int, bool, bool]:
    known = grammar(language)
    ends, continues = token in known.alone, token in known.before_more
    if token == known.filler:
        return "filler", 0, ends, continues
    if token in known.places:
        return "times", known.places[token], ends, continues
    for words in (known.hundreds, known.small):
        if token in words:
            return "add", words[token], ends, continues
    raise Unreadable(token)


def unmelt(words: str, language: str) -> str:
    """Part the multiplier from a thousand that has swallowed its ending."""
    return " ".join(_unmelted(token, language) for token in words.split(" "))


@cache
def _unmelted(token: str, language: str) -> str:
    known = grammar(language)
    if token in known.hundreds:
        return token
    for ending, restored in known.melted_thousands:
        if not token.endswith(ending):
            continue
        stem = token.removesuffix(ending)
        place = ("ஆ" if language == "ta-IN" else "ആ") + ending[1:]
        for melted in sorted(restored, key=len, reverse=True):
            if stem.endswith(melted):
                multiplier = stem.removesuffix(melted) + restored[melted]
                if multiplier in known.small:
                    return f"{multiplier} {place}"
    return token
