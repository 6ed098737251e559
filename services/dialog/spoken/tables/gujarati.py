"""Gujarati: own words below a hundred; hundreds are one word (પાંચસો)."""

from services.dialog.spoken.grammar import Calendar, Clock, Money, Numerals, Words, counted, listed, words_of

BELOW_HUNDRED = words_of("""
    શૂન્ય    એક       બે       ત્રણ       ચાર       પાંચ      છ         સાત        આઠ        નવ
    દસ      અગિયાર   બાર      તેર       ચૌદ       પંદર      સોળ       સત્તર       અઢાર       ઓગણીસ
    વીસ     એકવીસ    બાવીસ    ત્રેવીસ     ચોવીસ     પચ્ચીસ    છવ્વીસ     સત્તાવીસ    અઠ્ઠાવીસ    ઓગણત્રીસ
    ત્રીસ    એકત્રીસ    બત્રીસ    તેત્રીસ     ચોત્રીસ     પાંત્રીસ    છત્રીસ      સાડત્રીસ     આડત્રીસ     ઓગણચાલીસ
    ચાલીસ   એકતાલીસ  બેતાલીસ   ત્રેતાલીસ   ચુંમાલીસ   પિસ્તાલીસ  છેતાલીસ    સુડતાલીસ    અડતાલીસ    ઓગણપચાસ
    પચાસ    એકાવન    બાવન     ત્રેપન     ચોપન      પંચાવન    છપ્પન      સત્તાવન     અઠ્ઠાવન     ઓગણસાઠ
    સાઠ     એકસઠ     બાસઠ     ત્રેસઠ     ચોસઠ      પાંસઠ     છાસઠ      સડસઠ      અડસઠ      અગણોસિત્તેર
    સિત્તેર   એકોતેર    બોતેર     તોતેર      ચુંમોતેર    પંચોતેર    છોતેર      સિત્યોતેર    ઇઠ્યોતેર     ઓગણાએંસી
    એંસી    એક્યાસી    બ્યાસી     ત્યાસી     ચોર્યાસી    પંચાસી    છ્યાસી      સત્યાસી     અઠ્યાસી     નેવ્યાસી
    નેવું     એકાણું     બાણું      ત્રાણું      ચોરાણું     પંચાણું     છન્નું       સત્તાણું      અઠ્ઠાણું      નવ્વાણું
""")

WORDS = Words(
    Numerals(
        below_hundred=BELOW_HUNDRED,
        hundred=listed("એકસો બસો ત્રણસો ચારસો પાંચસો છસો સાતસો આઠસો નવસો"),
        thousand=counted(BELOW_HUNDRED, "હજાર"),
        lakh=counted(BELOW_HUNDRED, "લાખ"),
        crore=counted(BELOW_HUNDRED, "કરોડ"),
    ),
    Money(one_rupee="એક રૂપિયો", rupees="રૂપિયા", one_paisa="એક પૈસો", paise="પૈસા", joiner="અને"),
    Calendar(
        months=words_of("જાન્યુઆરી ફેબ્રુઆરી માર્ચ એપ્રિલ મે જૂન જુલાઈ ઑગસ્ટ સપ્ટેમ્બર ઑક્ટોબર નવેમ્બર ડિસેમ્બર"),
        days=BELOW_HUNDRED[1:32],
    ),
    Clock(
        today="આજે",
        tomorrow="આવતીકાલે",
        weekdays=words_of("સોમવારે મંગળવારે બુધવારે ગુરુવારે શુક્રવારે શનિવારે રવિવારે"),
        parts=words_of("સવારે બપોરે બપોરે સાંજે"),
        hours=BELOW_HUNDRED[1:13],
        halves=("દોઢ", "અઢી", *(f"સાડા {hour}" for hour in BELOW_HUNDRED[3:13])),
        after="{day} {part} {time} વાગ્યા પછી",
    ),
)
