"""Kannada: tens and units melt into one word; a place takes its genitive (ಸಾವಿರದ) before lower ones, never alone."""

from services.dialog.spoken.grammar import Calendar, Clock, Money, Numerals, Words, counted, listed, words_of

_TEENS = words_of("""
    ಸೊನ್ನೆ ಒಂದು ಎರಡು ಮೂರು ನಾಲ್ಕು ಐದು ಆರು ಏಳು ಎಂಟು ಒಂಬತ್ತು
    ಹತ್ತು ಹನ್ನೊಂದು ಹನ್ನೆರಡು ಹದಿಮೂರು ಹದಿನಾಲ್ಕು ಹದಿನೈದು ಹದಿನಾರು ಹದಿನೇಳು ಹದಿನೆಂಟು ಹತ್ತೊಂಬತ್ತು
""")
_TENS = words_of("ಇಪ್ಪತ್ತ ಮೂವತ್ತ ನಲವತ್ತ ಐವತ್ತ ಅರವತ್ತ ಎಪ್ಪತ್ತ ಎಂಬತ್ತ ತೊಂಬತ್ತ")
# What follows the bare stem: the vowel that begins a unit takes the place of the stem's own, ಇಪ್ಪತ್ತ + ಒಂದು = ಇಪ್ಪತ್ತೊಂದು.
_ENDINGS = ("ು", "ೊಂದು", "ೆರಡು", "ಮೂರು", "ನಾಲ್ಕು", "ೈದು", "ಾರು", "ೇಳು", "ೆಂಟು", "ೊಂಬತ್ತು")

BELOW_HUNDRED = (*_TEENS, *(ten + ending for ten in _TENS for ending in _ENDINGS))

WORDS = Words(
    Numerals(
        below_hundred=BELOW_HUNDRED,
        hundred=listed(
            alone="ನೂರು ಇನ್ನೂರು ಮುನ್ನೂರು ನಾನೂರು ಐನೂರು ಆರುನೂರು ಏಳುನೂರು ಎಂಟುನೂರು ಒಂಬೈನೂರು",
            joined="ನೂರ ಇನ್ನೂರ ಮುನ್ನೂರ ನಾನೂರ ಐನೂರ ಆರುನೂರ ಏಳುನೂರ ಎಂಟುನೂರ ಒಂಬೈನೂರ",
        ),
        thousand=counted(BELOW_HUNDRED, "ಸಾವಿರ", "ಸಾವಿರದ"),
        lakh=counted(BELOW_HUNDRED, "ಲಕ್ಷ", "ಲಕ್ಷದ"),
        crore=counted(BELOW_HUNDRED, "ಕೋಟಿ", "ಕೋಟಿಯ"),
    ),
    Money(one_rupee="ಒಂದು ರೂಪಾಯಿ", rupees="ರೂಪಾಯಿ", one_paisa="ಒಂದು ಪೈಸೆ", paise="ಪೈಸೆ"),
    Calendar(
        months=words_of("ಜನವರಿ ಫೆಬ್ರವರಿ ಮಾರ್ಚ್ ಏಪ್ರಿಲ್ ಮೇ ಜೂನ್ ಜುಲೈ ಆಗಸ್ಟ್ ಸೆಪ್ಟೆಂಬರ್ ಅಕ್ಟೋಬರ್ ನವೆಂಬರ್ ಡಿಸೆಂಬರ್"),
        days=BELOW_HUNDRED[1:32],
        this_year="{month} {day}",
        other_year="{year} {month} {day}",
    ),
    Clock(
        today="ಇಂದು",
        tomorrow="ನಾಳೆ",
        weekdays=words_of("ಸೋಮವಾರ ಮಂಗಳವಾರ ಬುಧವಾರ ಗುರುವಾರ ಶುಕ್ರವಾರ ಶನಿವಾರ ಭಾನುವಾರ"),
        parts=words_of("ಬೆಳಿಗ್ಗೆ ಮಧ್ಯಾಹ್ನ ಮಧ್ಯಾಹ್ನ ಸಂಜೆ"),
        hours=BELOW_HUNDRED[1:13],
        halves=words_of("ಒಂದೂವರೆ ಎರಡೂವರೆ ಮೂರೂವರೆ ನಾಲ್ಕೂವರೆ ಐದೂವರೆ ಆರೂವರೆ ಏಳೂವರೆ ಎಂಟೂವರೆ ಒಂಬತ್ತೂವರೆ ಹತ್ತೂವರೆ ಹನ್ನೊಂದೂವರೆ ಹನ್ನೆರಡೂವರೆ"),
        after="{day} {part} {time} ಗಂಟೆಯ ನಂತರ",
    ),
)
