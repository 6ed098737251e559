"""When a borrower wants to be called again, in the words of eleven languages."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dialog import data
from services.dialog.callback import CLOSES, FURTHEST, OPENS, named_time
from services.dialog.intents import Intent
from services.dialog.ports import Reading
from services.dialog.reading import read
from services.dialog.spoken.clock import not_before
from services.dialog.templates import Prompt, Values, render
from services.dialog.turns import DecidedBy, Heard
from tests.dialog.talk import NOW, Talk, conversation, verified
from voicekit.clock import INDIA
from voicekit.languages import LANGUAGES

# The present is Sunday, 22 November 2026, 11:00.


def named(text: str, language: str, now: datetime = NOW) -> str:
    at = named_time(text, (language,), now)
    return f"{at:%a %d %H:%M}" if at else ""


TOMORROW_AT_FIVE = {
    "en-IN": ["tomorrow at 5", "call me tomorrow evening at five", "tomorrow 5 pm", "tomorrow, 5:00 p.m. please"],
    "hi-IN": ["कल शाम पाँच बजे", "kal shaam 5 baje", "कल शाम ५ बजे फ़ोन करना", "kal paanch baje"],
    "mr-IN": ["उद्या संध्याकाळी पाच वाजता", "udya sandhyakali 5 vajta", "उद्या पाचला करा"],
    "gu-IN": ["કાલે સાંજે પાંચ વાગે", "kale sanje 5 vage"],
    "bn-IN": ["কাল বিকেল পাঁচটায়", "কাল 5টায়", "kal bikele panch tay", "কাল ৫টায় ফোন করুন"],
    "ta-IN": ["நாளைக்கு சாயங்காலம் அஞ்சு மணிக்கு", "naalaikku 5 manikku", "நாளை 5 மணிக்கு"],
    "te-IN": ["రేపు సాయంత్రం ఐదు గంటలకు", "రేపు ఐదింటికి", "repu 5 gantalaku"],
    "kn-IN": ["ನಾಳೆ ಸಂಜೆ ಐದು ಗಂಟೆಗೆ", "naale sanje 5 gantege"],
    "ml-IN": ["നാളെ വൈകിട്ട് അഞ്ച് മണിക്ക്", "നാളെ അഞ്ചുമണിക്ക്", "naale vaikittu 5 manikku"],
    "pa-IN": ["ਕੱਲ੍ਹ ਸ਼ਾਮ ਪੰਜ ਵਜੇ", "kal sham 5 vaje"],
    "or-IN": ["କାଲି ସନ୍ଧ୍ୟା ପାଞ୍ଚଟାରେ", "କାଲି 5 ଟାରେ", "kali sandhyare pancha tare"],
}
IN_TWO_HOURS = {
    "en-IN": ["after two hours", "in 2 hours", "call me two hours later"],
    "hi-IN": ["दो घंटे बाद", "do ghante baad karna", "2 घंटे में"],
    "mr-IN": ["दोन तासांनी फोन करा", "दोन तासांनंतर", "don tas nantar"],
    "gu-IN": ["બે કલાક પછી", "be kalak pachi"],
    "bn-IN": ["দু ঘণ্টা পরে", "দুই ঘন্টা পর", "dui ghonta pore"],
    "ta-IN": ["ரெண்டு மணி நேரம் கழிச்சு", "rendu mani neram kazhichu", "2 மணி நேரத்துல"],
    "te-IN": ["రెండు గంటల తర్వాత", "rendu gantala tarvata"],
    "kn-IN": ["ಎರಡು ಗಂಟೆ ಬಿಟ್ಟು", "eradu gante nantara"],
    "ml-IN": ["രണ്ട് മണിക്കൂർ കഴിഞ്ഞ്", "randu manikkoor kazhinju"],
    "pa-IN": ["ਦੋ ਘੰਟੇ ਬਾਅਦ", "do ghante baad"],
    "or-IN": ["ଦୁଇ ଘଣ୍ଟା ପରେ", "dui ghanta pare"],
}
IN_THE_EVENING = {
    "en-IN": ["call in the evening", "today evening"],
    "hi-IN": ["शाम को फ़ोन करना", "shaam ko karna"],
    "mr-IN": ["संध्याकाळी फोन करा"],
    "gu-IN": ["સાંજે ફોન કરજો"],
    "bn-IN": ["সন্ধ্যায় ফোন করুন"],
    "ta-IN": ["சாயங்காலம் பண்ணுங்க"],
    "te-IN": ["సాయంత్రం చేయండి"],
    "kn-IN": ["ಸಾಯಂಕಾಲ ಮಾಡಿ"],
    "ml-IN": ["വൈകിട്ട് വിളിക്കൂ"],
    "pa-IN": ["ਸ਼ਾਮ ਨੂੰ ਫ਼ੋਨ ਕਰਿਓ"],
    "or-IN": ["ସନ୍ଧ୍ୟାରେ ଫୋନ୍ କରନ୍ତୁ"],
}


def only_later(heard: Heard, *, language: str, last_language: str, switches: int) -> Reading:
    """Read all words as a wish to be called later."""
    return Reading(Intent.CALL_LATER, 1.0, DecidedBy.LEXICON, language)


def each(said: dict[str, list[str]]) -> list[tuple[str, str]]:
    assert sorted(said) == sorted(LANGUAGES)
    return [(language, text) for language, texts in said.items() for text in texts]


@pytest.mark.parametrize(("language", "text"), each(TOMORROW_AT_FIVE))
def test_tomorrow_at_five(language: str, text: str) -> None:
    assert named(text, language) == "Mon 23 17:00"


@pytest.mark.parametrize(("language", "text"), each(IN_TWO_HOURS))
def test_in_two_hours(language: str, text: str) -> None:
    assert named(text, language) == "Sun 22 13:00"


@pytest.mark.parametrize(("language", "text"), each(IN_THE_EVENING))
def test_a_part_of_the_day_means_its_middle(language: str, text: str) -> None:
    assert named(text, language) == "Sun 22 17:00"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_listed_weekday_is_the_next_one_of_its_name(language: str) -> None:
    days = data.load("times")[language]["weekdays"].split(",")
    assert len(days) == 7
    for number, spellings in enumerate(days):
        for spelling in spellings.strip().split("|"):
            at = named_time(spelling, (language,), NOW)
            assert at
            assert at.weekday() == number
            assert timedelta(0) < at - NOW <= timedelta(days=7)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_to_twelve_is_an_hour(language: str) -> None:
    numbers = data.load("times")[language]["numbers"].split(",")
    assert len(numbers) == 12
    clock = "pm" if language == "en-IN" else data.load("times")[language]["clock"].split(",")[0]
    for number, spellings in enumerate(numbers, start=1):
        for spelling in spellings.strip().split("|"):
            at = named_time(f"{spelling} {clock}", (language,), datetime(2026, 11, 22, 0, 1, tzinfo=INDIA))
            hour = number + 12 if language == "en-IN" and number < 12 else number
            expected = {1: 13, 2: 14, 3: 15, 4: 16, 5: 17, 6: 18, 7: 8}.get(hour, hour)
            assert at
            assert at.hour == (expected if expected < CLOSES.hour else OPENS.hour)


@pytest.mark.parametrize(
    ("text", "language", "at"),
    [
        ("परसों सुबह 9 बजे", "hi-IN", "Tue 24 09:00"),
        ("साढ़े पाँच बजे", "hi-IN", "Sun 22 17:30"),
        ("पौने छह बजे", "hi-IN", "Sun 22 17:45"),
        ("सवा चार बजे", "hi-IN", "Sun 22 16:15"),
        ("डेढ़ घंटे बाद", "hi-IN", "Sun 22 12:30"),
        ("आधे घंटे बाद", "hi-IN", "Sun 22 11:30"),
        ("25 तारीख को करना", "hi-IN", "Wed 25 11:00"),
        ("6 के बाद", "hi-IN", "Sun 22 18:00"),
        ("5-6 baje", "hi-IN", "Sun 22 18:00"),
        ("एक बार कल फोन करो", "hi-IN", "Mon 23 11:00"),  # "once", not "at one"
        ("అరగంట తర్వాత", "te-IN", "Sun 22 11:30"),
        ("टुमॉरो मॉर्निंग 10 बजे", "hi-IN", "Mon 23 10:00"),
        ("kal shaam ko", "ta-IN", "Mon 23 17:00"),  # Hindi is understood everywhere
        ("in half an hour", "en-IN", "Sun 22 11:30"),
        ("after 6", "en-IN", "Sun 22 18:00"),
        ("at 5.30", "en-IN", "Sun 22 17:30"),
        ("5 30 pm", "en-IN", "Sun 22 17:30"),
        ("after two days", "en-IN", "Tue 24 11:00"),
        ("next week", "en-IN", "Sun 29 11:00"),
        ("not today, tomorrow", "en-IN", "Mon 23 11:00"),
        ("day after tomorrow at 11", "en-IN", "Tue 24 11:00"),
        ("10 minutes", "en-IN", "Sun 22 11:10"),
        ("half past five", "en-IN", "Sun 22 17:30"),
        ("quarter to six tomorrow", "en-IN", "Mon 23 17:45"),
        ("on 5th December", "en-IN", "Sat 05 11:00"),
        ("December 5 at 4", "en-IN", "Sat 05 16:00"),
        ("the 1st of December, 4 pm", "en-IN", "Tue 01 16:00"),
        ("twenty fifth November", "en-IN", "Wed 25 11:00"),
        ("I may talk at 5", "en-IN", "Sun 22 17:00"),  # no month
        ("पाँच दिसंबर को", "hi-IN", "Sat 05 11:00"),
        ("डेढ़ बजे", "hi-IN", "Sun 22 13:30"),
        ("কাল সাড়ে পাঁচটায়", "bn-IN", "Mon 23 17:30"),
        ("কাল দুটোয়", "bn-IN", "Mon 23 14:00"),
        ("দেড়টায়", "bn-IN", "Sun 22 13:30"),
        ("ସାଢ଼େ ଚାରିଟାରେ", "or-IN", "Sun 22 16:30"),
        ("நாளைக்கு அஞ்சரைக்கு", "ta-IN", "Mon 23 17:30"),
        ("டிசம்பர் ஐந்து", "ta-IN", "Sat 05 11:00"),
        ("రేపు ఐదున్నరకు", "te-IN", "Mon 23 17:30"),
        ("ನಾಳೆ ಐದೂವರೆಗೆ", "kn-IN", "Mon 23 17:30"),
        ("നാളെ അഞ്ചരയ്ക്ക്", "ml-IN", "Mon 23 17:30"),
    ],
)
def test_other_ways_to_name_a_time(text: str, language: str, at: str) -> None:
    assert named(text, language) == at


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("call me later", "en-IN"),
        ("I am busy", "en-IN"),
        ("I am in a meeting today", "en-IN"),
        ("after some time", "en-IN"),
        ("बाद में फ़ोन करना", "hi-IN"),
        ("थोड़ी देर बाद", "hi-IN"),
        ("அப்புறம் பண்ணுங்க", "ta-IN"),
        ("తర్వాత చేయండి", "te-IN"),
        ("পরে ফোন করুন", "bn-IN"),
        ("in 90 days", "en-IN"),
        ("", "en-IN"),
    ],
)
def test_later_names_no_time(text: str, language: str) -> None:
    assert named(text, language) == ""


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("tonight at 9", "Mon 23 08:00"),
        ("tomorrow at 7 am", "Mon 23 08:00"),
        ("at 7", "Mon 23 08:00"),
        ("in 10 hours", "Mon 23 08:00"),
        ("at 18:59", "Sun 22 18:59"),
    ],
)
def test_a_time_at_which_nobody_may_be_called_is_the_next_opening(text: str, at: str) -> None:
    assert named(text, "en-IN") == at


def test_an_hour_that_has_passed_today_is_tomorrow_s() -> None:
    assert named("at 9", "en-IN") == "Mon 23 09:00"
    assert named("सुबह करना", "hi-IN") == "Mon 23 10:00"


def test_the_present_is_india_s_wherever_the_clock_stands() -> None:
    assert named("tomorrow at 5", "en-IN", datetime.fromisoformat("2026-11-22T20:00:00+00:00")) == "Tue 24 17:00"


WORDS = sorted({word for lists in data.load("times").values() for text in lists.values() for word in text.split()})


@given(
    words=st.lists(st.sampled_from(WORDS) | st.integers(0, 99).map(str), max_size=8),
    language=st.sampled_from(LANGUAGES),
    minutes=st.integers(0, 7 * 24 * 60),
)
def test_whatever_is_said_the_time_is_ahead_and_within_calling_hours(
    words: list[str], language: str, minutes: int
) -> None:
    now = NOW + timedelta(minutes=minutes)
    at = named_time(" ".join(words), (language,), now)
    assert at is None or (now < at <= now + FURTHEST and OPENS <= at.time() < CLOSES)


# In a conversation


def said(talk: Talk) -> str:
    return " ".join(line.text for line in talk.now.lines)


@pytest.mark.parametrize(("language", "text"), each(TOMORROW_AT_FIVE))
def test_a_time_is_confirmed_aloud_in_the_language_of_the_call(language: str, text: str) -> None:
    talk = Talk(conversation(language=language, read=only_later))
    assert talk.says(text) == "CONFIRMING_CALLBACK"
    assert talk.now.facts.callback_at == datetime(2026, 11, 23, 17, 0, tzinfo=INDIA)
    assert not_before(talk.now.facts.callback_at, language, now=NOW) in said(talk)


def test_the_time_said_is_the_one_at_which_we_may_call() -> None:
    talk = Talk(conversation(language="hi-IN", read=read))
    talk.says("रात नौ बजे फ़ोन करना")
    assert "कल सुबह आठ बजे के बाद" in said(talk)


def test_a_time_is_confirmed_again_after_the_stream_was_lost() -> None:
    talk = Talk(conversation(language="hi-IN", read=read))
    talk.says("अभी मीटिंग में हूँ, कल शाम को फ़ोन करना")
    assert conversation().begin(talk.now.snapshot).lines == talk.now.lines


def test_in_a_few_minutes_is_confirmed_without_a_time() -> None:
    talk = Talk(conversation(read=only_later))
    talk.says("call me after 10 minutes")
    assert talk.now.facts.callback_at == NOW + timedelta(minutes=10)
    assert said(talk) == "Sure. We will call you again at another time. Thank you."


def test_the_time_reaches_the_facts_and_outlives_a_lost_stream() -> None:
    talk = Talk(conversation(language="hi-IN", read=read))
    assert talk.says("अभी मीटिंग में हूँ, कल शाम को फ़ोन करना") == "CONFIRMING_CALLBACK"
    facts = talk.now.facts
    assert (facts.disposition, facts.callback_at) == ("CB", datetime(2026, 11, 23, 17, 0, tzinfo=INDIA))
    assert "कल शाम पाँच बजे के बाद" in said(talk)
    assert conversation().begin(talk.now.snapshot).facts == facts
    assert talk.hangs_up().facts == facts


def test_later_keeps_the_words_alone() -> None:
    talk = Talk(conversation(language="hi-IN", read=read))
    talk.says("बाद में फ़ोन करना")
    assert talk.now.facts.callback_words == "बाद में फ़ोन करना"
    assert talk.now.facts.callback_at is None
    assert said(talk) == " ".join(line.text for line in render(Prompt.CALLBACK_CONFIRM, "hi-IN", Values()))


def test_words_that_only_a_model_takes_for_later_are_kept_too() -> None:
    talk = verified()
    talk.says("gibberish tomorrow at 5 card 4111111111111111")
    assert talk.is_decided(Intent.CALL_LATER) == "CONFIRMING_CALLBACK"
    assert talk.now.facts.callback_words == "gibberish tomorrow at 5 card [hidden]"
    assert talk.now.facts.callback_at == datetime.combine(NOW.date() + timedelta(days=1), time(17), INDIA)
