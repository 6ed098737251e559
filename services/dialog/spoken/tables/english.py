"""Indian English: lakh and crore, and "and" before what is below a hundred."""

from services.dialog.spoken.grammar import Calendar, Clock, Money, Numerals, Words, counted, words_of

_TEENS = words_of("""
    zero one two three four five six seven eight nine
    ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
""")
_TENS = words_of("twenty thirty forty fifty sixty seventy eighty ninety")

BELOW_HUNDRED = (
    *_TEENS,
    *(ten if unit == 0 else f"{ten} {_TEENS[unit]}" for ten in _TENS for unit in range(10)),
)

WORDS = Words(
    Numerals(
        below_hundred=BELOW_HUNDRED,
        hundred=counted(BELOW_HUNDRED, "hundred"),
        thousand=counted(BELOW_HUNDRED, "thousand"),
        lakh=counted(BELOW_HUNDRED, "lakh"),
        crore=counted(BELOW_HUNDRED, "crore"),
        before_rest="and",
    ),
    Money(one_rupee="one rupee", rupees="rupees", one_paisa="one paisa", paise="paise", joiner="and"),
    Calendar(
        months=words_of("""
            January February March April May June
            July August September October November December
        """),
        days=words_of("""
            first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth
            eleventh, twelfth, thirteenth, fourteenth, fifteenth, sixteenth, seventeenth, eighteenth, nineteenth
            twentieth, twenty first, twenty second, twenty third, twenty fourth, twenty fifth
            twenty sixth, twenty seventh, twenty eighth, twenty ninth, thirtieth, thirty first
        """),
    ),
    Clock(
        today="today",
        tomorrow="tomorrow",
        weekdays=words_of("on Monday, on Tuesday, on Wednesday, on Thursday, on Friday, on Saturday, on Sunday"),
        parts=words_of("in the morning, in the afternoon, in the afternoon, in the evening"),
        hours=BELOW_HUNDRED[1:13],
        halves=tuple(f"half past {hour}" for hour in BELOW_HUNDRED[1:13]),
        after="{day} after {time} {part}",
        on_date="on {date}",
    ),
)
