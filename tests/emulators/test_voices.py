import concurrent.futures
import hashlib
import subprocess
import sys
import time

import numpy as np
import pytest

from emulators import voices
from emulators.audio import dbfs, duration_ms, samples, silence, ulaw_decode, ulaw_encode
from emulators.voices import BOT_VOICE, CALLER_VOICE, VOICES, synthesise

GREETINGS = {
    "en-IN": "Hello, am I speaking with Asha?",
    "hi-IN": "नमस्ते, क्या मेरी बात आशा से हो रही है?",
    "ta-IN": "வணக்கம், நான் ஆஷாவுடன் பேசுகிறேனா?",
    "te-IN": "నమస్కారం, నేను ఆశాతో మాట్లాడుతున్నానా?",
    "ml-IN": "നമസ്കാരം, ആശയോടാണോ സംസാരിക്കുന്നത്?",
    "gu-IN": "નમસ્તે, શું હું આશા સાથે વાત કરી રહી છું?",
    "mr-IN": "नमस्कार, मी आशा यांच्याशी बोलत आहे का?",
    "bn-IN": "নমস্কার, আমি কি আশার সাথে কথা বলছি?",
    "kn-IN": "ನಮಸ್ಕಾರ, ನಾನು ಆಶಾ ಅವರೊಂದಿಗೆ ಮಾತನಾಡುತ್ತಿದ್ದೇನೆಯೇ?",
    "pa-IN": "ਸਤ ਸ੍ਰੀ ਅਕਾਲ, ਕੀ ਮੈਂ ਆਸ਼ਾ ਨਾਲ ਗੱਲ ਕਰ ਰਹੀ ਹਾਂ?",
    "or-IN": "ନମସ୍କାର, ମୁଁ କ'ଣ ଆଶାଙ୍କ ସହ କଥା ହେଉଛି?",
}


def fresh(text: str, language: str, voice: str = BOT_VOICE) -> bytes:
    voices._synthesise.cache_clear()
    return synthesise(text, language, voice=voice)


def pitch_hz(pcm: bytes) -> float:
    """The strongest period of the loudest 100 ms, between 60 and 400 Hz."""
    sound = samples(pcm).astype(np.float64)
    loudest = max(range(0, sound.size - 800, 400), key=lambda at: float(np.sum(sound[at : at + 800] ** 2)))
    window = sound[loudest : loudest + 800]
    echo = np.correlate(window, window, "full")[799:]
    return 8000 / (20 + int(np.argmax(echo[20:133])))


@pytest.mark.parametrize("language", GREETINGS)
def test_every_language_is_spoken_for_as_long_as_a_person_would_need(language: str) -> None:
    speech = synthesise(GREETINGS[language], language)
    assert 1200 < duration_ms(speech) < 5000
    assert -30 < dbfs(speech) < -12


def test_each_language_has_sounds_of_its_own() -> None:
    assert len({synthesise(text, language) for language, text in GREETINGS.items()}) == len(GREETINGS)


def test_a_sentence_sounds_the_same_whatever_was_said_before_it() -> None:
    first = fresh(GREETINGS["hi-IN"], "hi-IN")
    fresh(GREETINGS["ta-IN"], "ta-IN", CALLER_VOICE)
    assert fresh(GREETINGS["hi-IN"], "hi-IN") == first


def test_threads_do_not_garble_one_another() -> None:
    alone = {language: fresh(text, language) for language, text in GREETINGS.items()}
    voices._synthesise.cache_clear()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        together = pool.map(lambda item: (item[0], synthesise(item[1], item[0])), list(GREETINGS.items()) * 2)
        assert all(alone[language] == speech for language, speech in together)


def test_the_bot_and_the_caller_are_heard_apart() -> None:
    bot, caller = (pitch_hz(synthesise(GREETINGS["hi-IN"], "hi-IN", voice=v)) for v in (BOT_VOICE, CALLER_VOICE))
    assert bot > 1.3 * caller


def test_all_voices_differ_and_a_number_picks_one() -> None:
    spoken = [synthesise("good morning", "en-IN", voice=number) for number in range(len(VOICES))]
    assert len(set(spoken)) == len(VOICES)
    assert synthesise("good morning", "en-IN", voice=len(VOICES)) == spoken[0]


def test_faster_speech_is_shorter() -> None:
    slow, fast = (synthesise(GREETINGS["en-IN"], "en-IN", rate_wpm=rate) for rate in (120, 240))
    assert duration_ms(fast) < 0.7 * duration_ms(slow)


@pytest.mark.parametrize("language", GREETINGS)
def test_silence_at_the_ends_is_cut_to_fifty_milliseconds(language: str) -> None:
    sound = np.abs(samples(synthesise(GREETINGS[language], language)).astype(np.int32))
    heard = np.flatnonzero(sound > sound.max() / 100)
    assert heard[0] <= 400
    assert sound.size - heard[-1] <= 400


@pytest.mark.parametrize("text", ["", "  \n", "..."])
def test_nothing_to_say_is_no_sound(text: str) -> None:
    assert synthesise(text, "en-IN") == b""


def test_unknown_languages_and_voices_are_refused() -> None:
    with pytest.raises(ValueError, match="fr-FR"):
        synthesise("bonjour", "fr-FR")
    with pytest.raises(ValueError, match="nobody"):
        synthesise("hello", "en-IN", voice="nobody")


def test_speaking_is_much_faster_than_listening() -> None:
    synthesise("warm up", "en-IN")
    started = time.perf_counter()
    speech = fresh(GREETINGS["hi-IN"], "hi-IN")
    assert (time.perf_counter() - started) * 1000 < duration_ms(speech) / 5


def test_mu_law_keeps_speech_and_decodes_every_code_to_itself() -> None:
    codes = bytes(code for code in range(256) if code != 0x7F)  # 0x7F is a second zero
    assert ulaw_encode(ulaw_decode(codes)) == codes
    speech = synthesise("good morning", "en-IN")
    error = samples(ulaw_decode(ulaw_encode(speech))).astype(np.int32) - samples(speech)
    assert dbfs(error.astype("<i2").tobytes()) < dbfs(speech) - 30
    assert ulaw_decode(ulaw_encode(silence(20))) == silence(20)


def test_another_process_speaks_the_very_same_bytes() -> None:
    text = "ਸਤ ਸ੍ਰੀ ਅਕਾਲ ਜੀ, ਬੋਲ ਰਹੀ ਹਾਂ"
    program = (
        "import hashlib, pandas; from emulators.voices import synthesise; "
        f"print(hashlib.sha256(synthesise({text!r}, 'pa-IN')).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == hashlib.sha256(synthesise(text, "pa-IN")).hexdigest()
