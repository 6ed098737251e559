"""Telugu: plural places (వేలు) take the oblique (వేల) before lower ones and before the thing counted."""

from services.dialog.spoken.grammar import (
    MULTIPLIERS,
    Calendar,
    Clock,
    Money,
    Numerals,
    Scale,
    Words,
    each,
    listed,
    words_of,
)

_TEENS = words_of("""
    సున్నా ఒకటి రెండు మూడు నాలుగు ఐదు ఆరు ఏడు ఎనిమిది తొమ్మిది
    పది పదకొండు పన్నెండు పదమూడు పద్నాలుగు పదిహేను పదహారు పదిహేడు పద్దెనిమిది పంతొమ్మిది
""")
_TENS = words_of("ఇరవై ముప్పై నలభై యాభై అరవై డెబ్బై ఎనభై తొంభై")

BELOW_HUNDRED = (
    *_TEENS,
    *(ten if unit == 0 else f"{ten} {_TEENS[unit]}" for ten in _TENS for unit in range(10)),
)


def _scale(one: str, many: str, joined: str) -> Scale:
    """Build a scale with a singular; twenty-one and its like count with ఒక్క."""

    def say(count: int, word: str) -> str:
        return one if count == 1 else f"{BELOW_HUNDRED[count].replace('ఒకటి', 'ఒక్క')} {word}"

    return Scale(
        alone=each(MULTIPLIERS, lambda count: say(count, many)),
        joined=each(MULTIPLIERS, lambda count: say(count, joined)),
    )


WORDS = Words(
    Numerals(
        below_hundred=BELOW_HUNDRED,
        hundred=listed(
            alone="""
                వంద, రెండు వందలు, మూడు వందలు, నాలుగు వందలు, ఐదు వందలు
                ఆరు వందలు, ఏడు వందలు, ఎనిమిది వందలు, తొమ్మిది వందలు
            """,
            joined="""
                నూట, రెండు వందల, మూడు వందల, నాలుగు వందల, ఐదు వందల
                ఆరు వందల, ఏడు వందల, ఎనిమిది వందల, తొమ్మిది వందల
            """,
        ),
        thousand=_scale("వెయ్యి", "వేలు", "వేల"),
        lakh=_scale("ఒక లక్ష", "లక్షలు", "లక్షల"),
        crore=_scale("ఒక కోటి", "కోట్లు", "కోట్ల"),
        before_noun={"ఒకటి": "ఒక్క", "వందలు": "వందల", "వేలు": "వేల", "లక్షలు": "లక్షల", "కోట్లు": "కోట్ల"},
    ),
    Money(one_rupee="ఒక రూపాయి", rupees="రూపాయలు", one_paisa="ఒక పైసా", paise="పైసలు", rupees_joined="రూపాయల"),
    Calendar(
        months=words_of("జనవరి ఫిబ్రవరి మార్చి ఏప్రిల్ మే జూన్ జులై ఆగస్టు సెప్టెంబర్ అక్టోబర్ నవంబర్ డిసెంబర్"),
        days=BELOW_HUNDRED[1:32],
        this_year="{month} {day}",
        other_year="{year} {month} {day}",
    ),
    Clock(
        today="ఈరోజు",
        tomorrow="రేపు",
        weekdays=words_of("సోమవారం మంగళవారం బుధవారం గురువారం శుక్రవారం శనివారం ఆదివారం"),
        parts=words_of("ఉదయం మధ్యాహ్నం మధ్యాహ్నం సాయంత్రం"),
        hours=("ఒంటి గంట", *(f"{hour} గంటల" for hour in _TEENS[2:13])),
        halves=tuple(
            f"{half} గంటల"
            for half in words_of("""
                ఒకటిన్నర రెండున్నర మూడున్నర నాలుగున్నర ఐదున్నర ఆరున్నర
                ఏడున్నర ఎనిమిదిన్నర తొమ్మిదిన్నర పదిన్నర పదకొండున్నర పన్నెండున్నర
            """)
        ),
        after="{day} {part} {time} తర్వాత",
    ),
)
