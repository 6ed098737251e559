"""Malayalam: tens and units melt into one word, ആയിരം melts into its multiplier, places link with ഇ."""

from services.dialog.spoken.grammar import (
    MULTIPLIERS,
    Calendar,
    Clock,
    Money,
    Numerals,
    Scale,
    Words,
    counted,
    each,
    listed,
    words_of,
)

_TEENS = words_of("""
    പൂജ്യം ഒന്ന് രണ്ട് മൂന്ന് നാല് അഞ്ച് ആറ് ഏഴ് എട്ട് ഒമ്പത്
    പത്ത് പതിനൊന്ന് പന്ത്രണ്ട് പതിമൂന്ന് പതിനാല് പതിനഞ്ച് പതിനാറ് പതിനേഴ് പതിനെട്ട് പത്തൊമ്പത്
""")
_TENS = words_of("ഇരുപത് മുപ്പത് നാല്പത് അമ്പത് അറുപത് എഴുപത് എൺപത് തൊണ്ണൂറ്")
_TENS_JOINED = words_of("ഇരുപത്തി മുപ്പത്തി നാല്പത്തി അമ്പത്തി അറുപത്തി എഴുപത്തി എൺപത്തി തൊണ്ണൂറ്റി")
_UNITS_JOINED = ("യൊന്ന്", "രണ്ട്", "മൂന്ന്", "നാല്", "യഞ്ച്", "യാറ്", "യേഴ്", "യെട്ട്", "യൊമ്പത്")

BELOW_HUNDRED = (
    *_TEENS,
    *(
        word
        for ten, joined in zip(_TENS, _TENS_JOINED, strict=True)
        for word in (ten, *(joined + unit for unit in _UNITS_JOINED))
    ),
)

_OWN_THOUSANDS = {1: "ആ", 8: "എണ്ണാ"}
_THOUSAND_SANDHI = (
    ("പത്ത്", "പതിനാ"),  # പത്ത്, പതിനായിരം
    ("പത്", "പതിനാ"),  # ഇരുപത്, ഇരുപതിനായിരം; ഒമ്പത്, ഒമ്പതിനായിരം
    ("മൂന്ന്", "മൂവാ"),  # മൂന്ന്, മൂവായിരം
    ("ഞ്ച്", "യ്യാ"),  # അഞ്ച്, അയ്യായിരം
    ("്", "ാ"),  # രണ്ട്, രണ്ടായിരം
)


def _thousands(number: int, ending: str) -> str:
    """Melt a multiplier into ആയിരം."""
    if number in _OWN_THOUSANDS:
        return _OWN_THOUSANDS[number] + ending
    word = BELOW_HUNDRED[number]
    old, new = next(sandhi for sandhi in _THOUSAND_SANDHI if word.endswith(sandhi[0]))
    return word.removesuffix(old) + new + ending


_COUNTING = ("", "ഒരു", *BELOW_HUNDRED[2:])

WORDS = Words(
    Numerals(
        below_hundred=BELOW_HUNDRED,
        hundred=listed(
            alone="നൂറ് ഇരുന്നൂറ് മുന്നൂറ് നാനൂറ് അഞ്ഞൂറ് അറുനൂറ് എഴുനൂറ് എണ്ണൂറ് തൊള്ളായിരം",
            joined="നൂറ്റി ഇരുന്നൂറ്റി മുന്നൂറ്റി നാനൂറ്റി അഞ്ഞൂറ്റി അറുനൂറ്റി എഴുനൂറ്റി എണ്ണൂറ്റി തൊള്ളായിരത്തി",
        ),
        thousand=Scale(
            alone=each(MULTIPLIERS, lambda count: _thousands(count, "യിരം")),
            joined=each(MULTIPLIERS, lambda count: _thousands(count, "യിരത്തി")),
        ),
        lakh=counted(_COUNTING, "ലക്ഷം", "ലക്ഷത്തി"),
        crore=counted(_COUNTING, "കോടി"),
    ),
    Money(one_rupee="ഒരു രൂപ", rupees="രൂപ", one_paisa="ഒരു പൈസ", paise="പൈസ"),
    Calendar(
        months=words_of("ജനുവരി ഫെബ്രുവരി മാർച്ച് ഏപ്രിൽ മേയ് ജൂൺ ജൂലൈ ഓഗസ്റ്റ് സെപ്റ്റംബർ ഒക്ടോബർ നവംബർ ഡിസംബർ"),
        days=BELOW_HUNDRED[1:32],
        this_year="{month} {day}",
        other_year="{year} {month} {day}",
    ),
    Clock(
        today="ഇന്ന്",
        tomorrow="നാളെ",
        weekdays=words_of("തിങ്കളാഴ്ച ചൊവ്വാഴ്ച ബുധനാഴ്ച വ്യാഴാഴ്ച വെള്ളിയാഴ്ച ശനിയാഴ്ച ഞായറാഴ്ച"),
        parts=words_of("രാവിലെ ഉച്ചയ്ക്ക് ഉച്ചയ്ക്ക് വൈകിട്ട്"),
        hours=_COUNTING[1:13],
        halves=words_of("ഒന്നര രണ്ടര മൂന്നര നാലര അഞ്ചര ആറര ഏഴര എട്ടര ഒമ്പതര പത്തര പതിനൊന്നര പന്ത്രണ്ടര"),
        after="{day} {part} {time} മണിക്ക് ശേഷം",
    ),
)
