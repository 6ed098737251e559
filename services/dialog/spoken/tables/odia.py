"""Odia: every number below a hundred has its own word; the month is said before the day."""

from services.dialog.spoken.grammar import Calendar, Clock, Money, Numerals, Words, counted, words_of

BELOW_HUNDRED = words_of("""
    ଶୂନ     ଏକ       ଦୁଇ       ତିନି        ଚାରି        ପାଞ୍ଚ       ଛଅ       ସାତ       ଆଠ       ନଅ
    ଦଶ     ଏଗାର     ବାର       ତେର       ଚଉଦ       ପନ୍ଦର      ଷୋହଳ     ସତର      ଅଠର      ଊଣେଇଶ
    କୋଡ଼ିଏ  ଏକୋଇଶ    ବାଇଶ      ତେଇଶ      ଚବିଶ       ପଚିଶ      ଛବିଶ      ସତାଇଶ    ଅଠାଇଶ    ଅଣତିରିଶ
    ତିରିଶ   ଏକତିରିଶ   ବତିଶ      ତେତିଶ      ଚଉତିରିଶ    ପଇଁତିରିଶ    ଛତିଶ      ସଇଁତିରିଶ   ଅଠତିରିଶ   ଅଣଚାଳିଶ
    ଚାଳିଶ   ଏକଚାଳିଶ   ବୟାଳିଶ     ତେୟାଳିଶ     ଚଉରାଳିଶ    ପଇଁଚାଳିଶ    ଛୟାଳିଶ     ସତଚାଳିଶ   ଅଠଚାଳିଶ   ଅଣଚାଶ
    ପଚାଶ   ଏକାବନ    ବାଉନ      ତେପନ      ଚଉବନ      ପଞ୍ଚାବନ     ଛପନ      ସତାବନ    ଅଠାବନ    ଅଣଷଠି
    ଷାଠିଏ   ଏକଷଠି    ବାଷଠି      ତେଷଠି      ଚଉଷଠି      ପଞ୍ଚଷଠି     ଛଅଷଠି     ସତଷଠି     ଅଠଷଠି     ଅଣସ୍ତରି
    ସତୁରି   ଏକସ୍ତରି    ବାସ୍ତରି      ତେସ୍ତରି      ଚଉସ୍ତରି      ପଞ୍ଚସ୍ତରି     ଛଅସ୍ତରି     ସତସ୍ତରି     ଅଠସ୍ତରି     ଅଣାଅଶୀ
    ଅଶୀ    ଏକାଅଶୀ    ବୟାଅଶୀ     ତେୟାଅଶୀ     ଚଉରାଅଶୀ    ପଞ୍ଚାଅଶୀ     ଛୟାଅଶୀ     ସତାଅଶୀ    ଅଠାଅଶୀ    ଅଣାନବେ
    ନବେ    ଏକାନବେ    ବୟାନବେ     ତେୟାନବେ     ଚଉରାନବେ    ପଞ୍ଚାନବେ     ଛୟାନବେ     ସତାନବେ    ଅଠାନବେ    ଅନେଶତ
""")

_HOURS = tuple(f"{hour}ଟା" for hour in BELOW_HUNDRED[1:13])

WORDS = Words(
    Numerals(
        below_hundred=BELOW_HUNDRED,
        hundred=counted(BELOW_HUNDRED, "ଶହ"),
        thousand=counted(BELOW_HUNDRED, "ହଜାର"),
        lakh=counted(BELOW_HUNDRED, "ଲକ୍ଷ"),
        crore=counted(BELOW_HUNDRED, "କୋଟି"),
    ),
    Money(one_rupee="ଏକ ଟଙ୍କା", rupees="ଟଙ୍କା", one_paisa="ଏକ ପଇସା", paise="ପଇସା"),
    Calendar(
        months=words_of("""
            ଜାନୁଆରୀ ଫେବୃଆରୀ ମାର୍ଚ୍ଚ ଅପ୍ରେଲ ମଇ ଜୁନ ଜୁଲାଇ ଅଗଷ୍ଟ ସେପ୍ଟେମ୍ବର ଅକ୍ଟୋବର ନଭେମ୍ବର ଡିସେମ୍ବର
        """),
        days=BELOW_HUNDRED[1:32],
        this_year="{month} {day}",
        other_year="{year} {month} {day}",
    ),
    Clock(
        today="ଆଜି",
        tomorrow="ଆସନ୍ତାକାଲି",
        weekdays=words_of("ସୋମବାର ମଙ୍ଗଳବାର ବୁଧବାର ଗୁରୁବାର ଶୁକ୍ରବାର ଶନିବାର ରବିବାର"),
        parts=words_of("ସକାଳ ମଧ୍ୟାହ୍ନ ଅପରାହ୍ନ ସନ୍ଧ୍ୟା"),
        hours=_HOURS,
        halves=("ଦେଢ଼ଟା", "ଅଢ଼େଇଟା", *(f"ସାଢ଼େ {hour}" for hour in _HOURS[2:])),
        after="{day} {part} {time} ପରେ",
        on_date="{date} ତାରିଖ",
    ),
)
