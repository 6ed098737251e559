import time

import pytest

from emulators.audio import noise, silence
from emulators.sarvam.phrasebook import Phrase, read_phrases
from emulators.sarvam.recogniser import Recogniser
from emulators.voices import VOICES, synthesise
from tests.emulators.sarvam.telephone import Line, over_the_phone

BOOK = read_phrases()


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    ear = Recogniser(BOOK)
    ear.prepare()
    return ear


def voice_of(index: int) -> str:
    return list(VOICES)[index % len(VOICES)]


def share_understood(recogniser: Recogniser, line: Line) -> float:
    """Say every phrase of the book in some voice over such a line; the share that comes back word for word."""
    right = 0
    for index, phrase in enumerate(BOOK):
        pcm = over_the_phone(synthesise(*phrase, voice=voice_of(index)), line, seed=index)
        right += recogniser.hear(pcm, phrase.language).text == phrase.text
    return right / len(BOOK)


def test_the_book_has_all_eleven_languages() -> None:
    assert len({phrase.language for phrase in BOOK}) == 11
    assert len(BOOK) >= 150


@pytest.mark.parametrize(
    ("line", "at_least"),
    [
        (Line(), 0.98),
        (Line(snr_db=20), 0.98),
        (Line(snr_db=15), 0.95),
        (Line(louder_db=-20), 0.98),
        (Line(louder_db=5), 0.98),
        (Line(cut_ms=80), 0.95),
        (Line(cut_ms=150, snr_db=20), 0.85),
    ],
)
def test_what_is_in_the_book_is_understood_over_the_telephone(
    recogniser: Recogniser, line: Line, at_least: float
) -> None:
    share = share_understood(recogniser, line)
    assert share >= at_least, f"{share:.3f}"


@pytest.mark.parametrize("voice", VOICES)
def test_yes_is_never_no_in_any_language_and_voice(recogniser: Recogniser, voice: str) -> None:
    """Short words of one language against all others: what sounds alike must at least mean the same."""
    sides = {phrase: index % 15 for index, phrase in enumerate(BOOK) if index % 15 < 4}
    mistaken = []
    for phrase, side in sides.items():
        pcm = over_the_phone(synthesise(*phrase, voice=voice), Line(snr_db=20), seed=1)
        heard = recogniser.hear(pcm, phrase.language)
        meaning = {sides[other] // 2 for other in sides if other.text == heard.text}
        if meaning != {side // 2}:
            mistaken.append((phrase.text, heard.text))
    assert not mistaken


def test_the_language_is_detected_without_a_hint(recogniser: Recogniser) -> None:
    right = 0
    for index, phrase in enumerate(BOOK):
        pcm = over_the_phone(synthesise(*phrase, voice=voice_of(index)), Line(snr_db=20), seed=index)
        right += recogniser.hear(pcm).language == phrase.language
    assert right / len(BOOK) >= 0.95


def test_a_match_takes_under_100_ms(recogniser: Recogniser) -> None:
    pcm = over_the_phone(synthesise("किसी आदमी से बात कराओ", "hi-IN"), Line(snr_db=20))
    recogniser.hear(pcm)
    began = time.process_time()
    for _ in range(10):
        recogniser.hear(pcm)
    assert (time.process_time() - began) / 10 < 0.1


@pytest.mark.parametrize("pcm", [b"", silence(2000), noise(1500, -30, seed=1), bytes(40)], ids=len)
def test_what_is_no_speech_is_not_understood(recogniser: Recogniser, pcm: bytes) -> None:
    assert recogniser.hear(pcm).text == ""
    assert recogniser.hear_so_far(pcm).text == ""


def test_most_of_what_is_not_in_the_book_is_not_understood() -> None:
    strangers = [phrase for index, phrase in enumerate(BOOK) if index % 15 >= 8]
    ear = Recogniser([phrase for index, phrase in enumerate(BOOK) if index % 15 < 8], voices=["ravi"])
    understood = [ear.hear(over_the_phone(synthesise(*phrase, voice="ravi"))).text for phrase in strangers]
    assert sum(map(bool, understood)) / len(strangers) < 0.2


def test_a_sentence_that_breaks_off_yields_its_first_words(recogniser: Recogniser) -> None:
    text = "किसी आदमी से बात कराओ"
    pcm = synthesise(text, "hi-IN", voice="ravi")
    heard = recogniser.hear(over_the_phone(pcm[: len(pcm) * 6 // 10 // 2 * 2]), "hi-IN").text
    assert heard
    assert text.startswith(heard)
    assert heard != text


def test_words_that_sound_alike_go_to_the_expected_language() -> None:
    ear = Recogniser([Phrase("जी", "hi-IN"), Phrase("ਜੀ", "pa-IN")], voices=["ravi"])
    for text, language in (("जी", "hi-IN"), ("ਜੀ", "pa-IN")):
        pcm = over_the_phone(synthesise(text, language, voice="ravi"), Line(snr_db=20))
        assert ear.hear(pcm, language).text == text


def test_a_phrase_taught_later_is_understood() -> None:
    ear = Recogniser([Phrase("yes", "en-IN")], voices=["ravi"])
    pcm = over_the_phone(synthesise("my salary is late", "en-IN", voice="ravi"))
    assert ear.hear(pcm).text == ""
    ear.add([Phrase("my salary is late", "en-IN")])
    assert ear.hear(pcm).text == "my salary is late"


def test_an_empty_book_understands_nothing() -> None:
    assert Recogniser().hear(over_the_phone(synthesise("yes", "en-IN"))).text == ""
