"""Hindi: every number below a hundred has its own word; एक is said before सौ, हज़ार, लाख and करोड़."""

from services.dialog.spoken.grammar import Calendar, Clock, Money, Numerals, Words, counted, words_of

BELOW_HUNDRED = words_of("""
    शून्य   एक        दो       तीन       चार       पाँच      छह        सात       आठ       नौ
    दस     ग्यारह     बारह     तेरह      चौदह      पंद्रह     सोलह      सत्रह      अठारह     उन्नीस
    बीस    इक्कीस     बाईस     तेईस      चौबीस     पच्चीस    छब्बीस     सत्ताईस    अट्ठाईस    उनतीस
    तीस    इकतीस     बत्तीस    तैंतीस     चौंतीस     पैंतीस     छत्तीस     सैंतीस      अड़तीस     उनतालीस
    चालीस  इकतालीस   बयालीस   तैंतालीस   चौवालीस    पैंतालीस   छियालीस    सैंतालीस    अड़तालीस   उनचास
    पचास   इक्यावन    बावन     तिरपन     चौवन      पचपन     छप्पन      सत्तावन    अट्ठावन    उनसठ
    साठ    इकसठ      बासठ     तिरसठ     चौंसठ      पैंसठ     छियासठ    सड़सठ      अड़सठ     उनहत्तर
    सत्तर   इकहत्तर    बहत्तर    तिहत्तर    चौहत्तर    पचहत्तर   छिहत्तर     सतहत्तर    अठहत्तर    उन्यासी
    अस्सी   इक्यासी    बयासी    तिरासी     चौरासी     पचासी    छियासी     सत्तासी     अट्ठासी    नवासी
    नब्बे   इक्यानवे   बानवे    तिरानवे    चौरानवे    पंचानवे   छियानवे    सत्तानवे    अट्ठानवे   निन्यानवे
""")

WORDS = Words(
    Numerals(
        below_hundred=BELOW_HUNDRED,
        hundred=counted(BELOW_HUNDRED, "सौ"),
        thousand=counted(BELOW_HUNDRED, "हज़ार"),
        lakh=counted(BELOW_HUNDRED, "लाख"),
        crore=counted(BELOW_HUNDRED, "करोड़"),
    ),
    Money(one_rupee="एक रुपया", rupees="रुपये", one_paisa="एक पैसा", paise="पैसे", joiner="और"),
    Calendar(
        months=words_of("जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर"),
        days=BELOW_HUNDRED[1:32],
    ),
    Clock(
        today="आज",
        tomorrow="कल",
        weekdays=words_of("सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार रविवार"),
        parts=words_of("सुबह दोपहर दोपहर शाम"),
        hours=BELOW_HUNDRED[1:13],
        halves=("डेढ़", "ढाई", *(f"साढ़े {hour}" for hour in BELOW_HUNDRED[3:13])),
        after="{day} {part} {time} बजे के बाद",
        on_date="{date} को",
    ),
)
