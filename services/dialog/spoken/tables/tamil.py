"""Tamil: a place with lower ones after it takes its oblique form (ஆயிரத்து), and ஆயிரம் joins its multiplier."""

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
    பூஜ்ஜியம் ஒன்று இரண்டு மூன்று நான்கு ஐந்து ஆறு ஏழு எட்டு ஒன்பது
    பத்து பதினொன்று பன்னிரண்டு பதிமூன்று பதினான்கு பதினைந்து பதினாறு பதினேழு பதினெட்டு பத்தொன்பது
""")
_TENS = words_of("இருபது முப்பது நாற்பது ஐம்பது அறுபது எழுபது எண்பது தொண்ணூறு")
_TENS_JOINED = words_of("இருபத்து முப்பத்து நாற்பத்து ஐம்பத்து அறுபத்து எழுபத்து எண்பத்து தொண்ணூற்று")

BELOW_HUNDRED = (
    *_TEENS,
    *(
        ten if unit == 0 else f"{joined} {_TEENS[unit]}"
        for ten, joined in zip(_TENS, _TENS_JOINED, strict=True)
        for unit in range(10)
    ),
)

_BEFORE_NOUN = {"ஒன்று": "ஒரு", "பதினொன்று": "பதினோரு"}


def _counting(number: int) -> str:
    """Say a number below a hundred as it stands before லட்சம் and கோடி: ஒரு, பதினோரு, இருபத்து ஒரு."""
    *higher, last = BELOW_HUNDRED[number].split()
    return " ".join((*higher, _BEFORE_NOUN.get(last, last)))


def _thousands(number: int, ending: str) -> str:
    """Join a multiplier to ஆயிரம், which swallows its last உ: இரண்டு, இரண்டாயிரம்."""
    if number == 1:
        return "ஆ" + ending
    if number == 11:
        return "பதினோரா" + ending
    *higher, last = BELOW_HUNDRED[number].split()
    return " ".join((*higher, "ஓரா" + ending if last == "ஒன்று" else last.removesuffix("ு") + "ா" + ending))


_COUNTING = each(MULTIPLIERS, _counting)

WORDS = Words(
    Numerals(
        below_hundred=BELOW_HUNDRED,
        hundred=listed(
            alone="நூறு இருநூறு முந்நூறு நானூறு ஐநூறு அறுநூறு எழுநூறு எண்ணூறு தொள்ளாயிரம்",
            joined="நூற்று இருநூற்று முந்நூற்று நானூற்று ஐநூற்று அறுநூற்று எழுநூற்று எண்ணூற்று தொள்ளாயிரத்து",
        ),
        thousand=Scale(
            alone=each(MULTIPLIERS, lambda count: _thousands(count, "யிரம்")),
            joined=each(MULTIPLIERS, lambda count: _thousands(count, "யிரத்து")),
        ),
        lakh=counted(_COUNTING, "லட்சம்", "லட்சத்து"),
        crore=counted(_COUNTING, "கோடி", "கோடியே"),
        before_noun=_BEFORE_NOUN,
    ),
    Money(one_rupee="ஒரு ரூபாய்", rupees="ரூபாய்", one_paisa="ஒரு பைசா", paise="பைசா"),
    Calendar(
        months=words_of("ஜனவரி பிப்ரவரி மார்ச் ஏப்ரல் மே ஜூன் ஜூலை ஆகஸ்ட் செப்டம்பர் அக்டோபர் நவம்பர் டிசம்பர்"),
        days=BELOW_HUNDRED[1:32],
        this_year="{month} {day}",
        other_year="{year} {month} {day}",
    ),
    Clock(
        today="இன்று",
        tomorrow="நாளை",
        weekdays=words_of("திங்கட்கிழமை செவ்வாய்க்கிழமை புதன்கிழமை வியாழக்கிழமை வெள்ளிக்கிழமை சனிக்கிழமை ஞாயிற்றுக்கிழமை"),
        parts=words_of("காலை மதியம் மதியம் மாலை"),
        hours=("ஒரு", *_TEENS[2:11], "பதினொரு", "பன்னிரண்டு"),
        halves=words_of("ஒன்றரை இரண்டரை மூன்றரை நான்கரை ஐந்தரை ஆறரை ஏழரை எட்டரை ஒன்பதரை பத்தரை பதினொன்றரை பன்னிரண்டரை"),
        after="{day} {part} {time} மணிக்குப் பிறகு",
        on_date="{date} அன்று",
    ),
)
