"""Punjabi in Gurmukhi: every number below a hundred has its own word."""

from services.dialog.spoken.grammar import Calendar, Clock, Money, Numerals, Words, counted, words_of

BELOW_HUNDRED = words_of("""
    ਸਿਫ਼ਰ   ਇੱਕ       ਦੋ       ਤਿੰਨ       ਚਾਰ       ਪੰਜ       ਛੇ        ਸੱਤ       ਅੱਠ       ਨੌਂ
    ਦਸ     ਗਿਆਰਾਂ    ਬਾਰਾਂ     ਤੇਰਾਂ      ਚੌਦਾਂ      ਪੰਦਰਾਂ     ਸੋਲਾਂ      ਸਤਾਰਾਂ     ਅਠਾਰਾਂ    ਉੱਨੀ
    ਵੀਹ    ਇੱਕੀ      ਬਾਈ      ਤੇਈ       ਚੌਵੀ      ਪੱਚੀ      ਛੱਬੀ      ਸਤਾਈ      ਅਠਾਈ     ਉਨੱਤੀ
    ਤੀਹ    ਇਕੱਤੀ     ਬੱਤੀ      ਤੇਤੀ      ਚੌਂਤੀ      ਪੈਂਤੀ      ਛੱਤੀ      ਸੈਂਤੀ      ਅਠੱਤੀ     ਉਨਤਾਲੀ
    ਚਾਲੀ   ਇਕਤਾਲੀ    ਬਿਆਲੀ    ਤਰਤਾਲੀ    ਚੁਤਾਲੀ    ਪੰਤਾਲੀ     ਛਿਆਲੀ    ਸੰਤਾਲੀ     ਅਠਤਾਲੀ    ਉਨੰਜਾ
    ਪੰਜਾਹ   ਇਕਵੰਜਾ    ਬਵੰਜਾ     ਤਰਵੰਜਾ    ਚੁਰੰਜਾ     ਪਚਵੰਜਾ    ਛਪੰਜਾ     ਸਤਵੰਜਾ    ਅਠਵੰਜਾ    ਉਨਾਹਠ
    ਸੱਠ    ਇਕਾਹਠ    ਬਾਹਠ     ਤਰੇਹਠ     ਚੌਂਹਠ     ਪੈਂਹਠ     ਛਿਆਹਠ    ਸਤਾਹਠ     ਅਠਾਹਠ    ਉਨੱਤਰ
    ਸੱਤਰ    ਇਕਹੱਤਰ   ਬਹੱਤਰ     ਤਿਹੱਤਰ     ਚੁਹੱਤਰ     ਪੰਝੱਤਰ     ਛਿਹੱਤਰ    ਸਤੱਤਰ     ਅਠੱਤਰ     ਉਨਾਸੀ
    ਅੱਸੀ    ਇਕਾਸੀ     ਬਿਆਸੀ    ਤਿਰਾਸੀ     ਚੁਰਾਸੀ     ਪਚਾਸੀ     ਛਿਆਸੀ    ਸਤਾਸੀ     ਅਠਾਸੀ    ਉਨਾਨਵੇਂ
    ਨੱਬੇ    ਇਕਾਨਵੇਂ    ਬਾਨਵੇਂ     ਤਿਰਾਨਵੇਂ    ਚੁਰਾਨਵੇਂ    ਪਚਾਨਵੇਂ    ਛਿਆਨਵੇਂ   ਸਤਾਨਵੇਂ    ਅਠਾਨਵੇਂ   ਨੜਿੰਨਵੇਂ
""")

WORDS = Words(
    Numerals(
        below_hundred=BELOW_HUNDRED,
        hundred=counted(BELOW_HUNDRED, "ਸੌ"),
        thousand=counted(BELOW_HUNDRED, "ਹਜ਼ਾਰ"),
        lakh=counted(BELOW_HUNDRED, "ਲੱਖ"),
        crore=counted(BELOW_HUNDRED, "ਕਰੋੜ"),
    ),
    Money(one_rupee="ਇੱਕ ਰੁਪਇਆ", rupees="ਰੁਪਏ", one_paisa="ਇੱਕ ਪੈਸਾ", paise="ਪੈਸੇ", joiner="ਅਤੇ"),
    Calendar(
        months=words_of("ਜਨਵਰੀ ਫ਼ਰਵਰੀ ਮਾਰਚ ਅਪ੍ਰੈਲ ਮਈ ਜੂਨ ਜੁਲਾਈ ਅਗਸਤ ਸਤੰਬਰ ਅਕਤੂਬਰ ਨਵੰਬਰ ਦਸੰਬਰ"),
        days=BELOW_HUNDRED[1:32],
    ),
    Clock(
        today="ਅੱਜ",
        tomorrow="ਭਲਕੇ",
        weekdays=words_of("ਸੋਮਵਾਰ ਮੰਗਲਵਾਰ ਬੁੱਧਵਾਰ ਵੀਰਵਾਰ ਸ਼ੁੱਕਰਵਾਰ ਸ਼ਨੀਵਾਰ ਐਤਵਾਰ"),
        parts=words_of("ਸਵੇਰੇ ਦੁਪਹਿਰ ਦੁਪਹਿਰ ਸ਼ਾਮ"),
        hours=BELOW_HUNDRED[1:13],
        halves=("ਡੇਢ", "ਢਾਈ", *(f"ਸਾਢੇ {hour}" for hour in BELOW_HUNDRED[3:13])),
        after="{day} {part} {time} ਵਜੇ ਤੋਂ ਬਾਅਦ",
        on_date="{date} ਨੂੰ",
    ),
)
