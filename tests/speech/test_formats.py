import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.audio import resample, samples, stereo, tone
from services.speech.formats import read_audio
from services.speech.recorded import RecordedPrompts
from voicekit.audio import duration_ms, wav_bytes
from voicekit.errors import InvalidInput


@pytest.mark.parametrize(("rate_hz", "channels"), [(8000, 1), (16000, 1), (44100, 1), (8000, 2)])
def test_a_wav_of_any_rate_becomes_telephone_audio(rate_hz: int, channels: int) -> None:
    sound = tone(500, 440)
    at_rate = resample(sound, 8000, rate_hz)
    file = wav_bytes(stereo(at_rate, at_rate) if channels == 2 else at_rate, rate_hz=rate_hz, channels=channels)
    pcm = read_audio(file, "wav")
    assert duration_ms(pcm) == pytest.approx(500, abs=2)
    spectrum = np.abs(np.fft.rfft(samples(pcm).astype(float)))
    assert np.argmax(spectrum) * 8000 / len(samples(pcm)) == pytest.approx(440, abs=5)


def test_other_formats_need_ffmpeg_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InvalidInput, match="ffmpeg"):
        read_audio(b"ID3 no matter what", "mp3")


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InvalidInput, match="format"):
        read_audio(b"", "exe")


@given(data=st.binary(max_size=200))
def test_what_is_no_wav_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_audio(b"RIFF" + data, "wav")


def write(folder: Path, manifest: object) -> Path:
    (folder / "hello.wav").write_bytes(wav_bytes(tone(505, 440)))
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


def test_recordings_are_found_by_what_they_say(tmp_path: Path) -> None:
    prompts = RecordedPrompts(write(tmp_path, [{"text": "नमस्ते", "language": "hi-IN", "file": "hello.wav"}]))
    found = prompts.find("नमस्ते", "hi-IN")
    assert found is not None
    assert duration_ms(found) == 520, "whole frames"
    assert prompts.find("नमस्ते", "mr-IN") is None
    assert RecordedPrompts().find("नमस्ते", "hi-IN") is None


@pytest.mark.parametrize(
    ("manifest", "named"),
    [
        ({"text": "x"}, "manifest.json"),
        ([{"text": "x", "language": "hi-IN", "file": "gone.wav"}], "gone.wav"),
        ([{"text": "x", "language": "xx", "file": "hello.wav"}], "hello.wav"),
    ],
)
def test_what_is_wrong_with_recordings_is_named(tmp_path: Path, manifest: object, named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        RecordedPrompts(write(tmp_path, manifest))


def test_without_a_manifest_there_are_no_recordings(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"manifest\.json"):
        RecordedPrompts(tmp_path)
