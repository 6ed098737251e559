"""When we call again, as it is said in eleven languages."""

import re
import unicodedata
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dialog.callback import CLOSES, FURTHEST, OPENS, named_time
from services.dialog.debt_words import debt_words_in
from services.dialog.spoken.clock import not_before
from services.dialog.spoken.tables import WORDS
from services.dialog.templates import Prompt, Values, render
from voicekit.clock import INDIA
from voicekit.languages import LANGUAGES

SUNDAY = datetime(2026, 11, 22, 11, 0, tzinfo=INDIA)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def line(at: datetime, language: str, now: datetime = SUNDAY) -> str:
    spoken = not_before(at, language, now=now)
    return " ".join(line.text for line in render(Prompt.CALLBACK_AT, language, Values(callback_spoken=spoken)))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return SUNDAY.replace(day=day, hour=hour, minute=minute)


LINES = {
    "en-IN": "Sure, we will call you tomorrow after five in the evening, thank you.",
    "hi-IN": "ठीक है, हम आपको कल शाम पाँच बजे के बाद फिर कॉल करेंगे, धन्यवाद।",
    "ta-IN": "சரி, நாங்கள் உங்களை நாளை மாலை ஐந்து மணிக்குப் பிறகு மீண்டும் அழைக்கிறோம், நன்றி.",
    "te-IN": "సరే, మేము మీకు రేపు సాయంత్రం ఐదు గంటల తర్వాత మళ్ళీ కాల్ చేస్తాము, ధన్యవాదాలు.",
    "ml-IN": "ശരി, ഞങ്ങൾ നാളെ വൈകിട്ട് അഞ്ച് മണിക്ക് ശേഷം വീണ്ടും വിളിക്കാം, നന്ദി.",
    "gu-IN": "ભલે, અમે આપને આવતીકાલે સાંજે પાંચ વાગ્યા પછી ફરી કૉલ કરીશું, આભાર.",
    "mr-IN": "ठीक आहे, आम्ही आपल्याला उद्या संध्याकाळी पाच वाजल्यानंतर पुन्हा कॉल करू, धन्यवाद.",
    "bn-IN": "ঠিক আছে, আমরা আপনাকে আগামীকাল বিকেল পাঁচটার পরে আবার কল করব, ধন্যবাদ।",
    "kn-IN": "ಸರಿ, ನಾವು ನಿಮಗೆ ನಾಳೆ ಸಂಜೆ ಐದು ಗಂಟೆಯ ನಂತರ ಮತ್ತೆ ಕರೆ ಮಾಡುತ್ತೇವೆ, ಧನ್ಯವಾದಗಳು.",
    "pa-IN": "ਠੀਕ ਹੈ ਜੀ, ਅਸੀਂ ਤੁਹਾਨੂੰ ਭਲਕੇ ਸ਼ਾਮ ਪੰਜ ਵਜੇ ਤੋਂ ਬਾਅਦ ਫਿਰ ਕਾਲ ਕਰਾਂਗੇ, ਧੰਨਵਾਦ।",
    "or-IN": "ଠିକ୍ ଅଛି, ଆମେ ଆପଣଙ୍କୁ ଆସନ୍ତାକାଲି ସନ୍ଧ୍ୟା ପାଞ୍ଚଟା ପରେ ପୁଣି କଲ୍ କରିବୁ, ଧନ୍ୟବାଦ।",
}


@every_language
def test_tomorrow_at_five(language: str) -> None:
    assert line(at(23, 17), language) == unicodedata.normalize("NFC", LINES[language])


@pytest.mark.parametrize(
    ("when", "english", "hindi"),
    [
        (at(22, 12, 30), "today after half past twelve in the afternoon", "आज दोपहर साढ़े बारह बजे के बाद"),
        (at(23, 8), "tomorrow after eight in the morning", "कल सुबह आठ बजे के बाद"),
        (at(24, 13, 30), "on Tuesday after half past one in the afternoon", "मंगलवार दोपहर डेढ़ बजे के बाद"),
        (at(28, 16), "on Saturday after four in the evening", "शनिवार शाम चार बजे के बाद"),
        (at(30, 9), "on thirtieth November after nine in the morning", "तीस नवंबर को सुबह नौ बजे के बाद"),
    ],
)  # fmt: skip
def test_days_and_halves(when: datetime, english: str, hindi: str) -> None:
    assert not_before(when, "en-IN", now=SUNDAY) == english
    assert not_before(when, "hi-IN", now=SUNDAY) == unicodedata.normalize("NFC", hindi)


def test_a_weekday_s_name_never_means_an_earlier_one() -> None:
    assert "November" in not_before(at(29, 11), "en-IN", now=SUNDAY)
    assert "Saturday" in not_before(at(28, 11), "en-IN", now=SUNDAY)


def test_a_time_between_two_half_hours_is_said_by_the_earlier_one_which_stays_true() -> None:
    assert not_before(at(22, 17, 45), "en-IN", now=SUNDAY) == "today after half past five in the evening"
    assert not_before(at(22, 11, 10), "en-IN", now=SUNDAY) == "", "eleven is past"


every_time = st.builds(
    lambda day, half_hours: timedelta(days=day, minutes=30 * half_hours),
    st.integers(0, FURTHEST.days - 1),
    st.integers(OPENS.hour * 2, CLOSES.hour * 2 - 1),
)


@every_language
@given(ahead=every_time, now=st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)))
def test_what_we_say_we_also_hear(language: str, ahead: timedelta, now: datetime) -> None:
    now = now.replace(tzinfo=INDIA)
    when = datetime.combine(now.date(), time(), INDIA) + ahead
    if when <= now:
        assert not_before(when, language, now=now) == ""
    else:
        assert named_time(line(when, language, now), (language,), now) == when


@every_language
@pytest.mark.parametrize("half_hours", range(OPENS.hour * 2, CLOSES.hour * 2))
def test_every_line_can_be_voiced_and_gives_nothing_away(language: str, half_hours: int) -> None:
    clock = WORDS[language].clock
    for days in range(1, FURTHEST.days):
        when = datetime.combine(SUNDAY.date(), time(), INDIA) + timedelta(days=days, minutes=30 * half_hours)
        text = line(when, language)
        times = clock.halves if half_hours % 2 else clock.hours
        assert times[(half_hours // 2 - 1) % 12] in text
        assert not re.search(r"[0-9{}<>]|\d", text)
        assert text == unicodedata.normalize("NFC", text)
        assert not debt_words_in(text, language)


@every_language
def test_no_two_times_sound_alike(language: str) -> None:
    clock = WORDS[language].clock
    assert len({*clock.hours, *clock.halves}) == 24
    assert len({clock.today, clock.tomorrow, *clock.weekdays}) == 9
    assert len(clock.parts) == 4
