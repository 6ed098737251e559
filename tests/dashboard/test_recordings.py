import array
import wave
from pathlib import Path

import pytest

from tests.dashboard.fakes import Record, call
from tests.dashboard.stand import standing


def write(path: Path, left: list[int], right: list[int], channels: int = 2) -> None:
    frames = array.array("h", [sample for pair in zip(left, right, strict=True) for sample in pair])
    with wave.open(str(path), "wb") as recording:
        recording.setparams((channels, 2, 8000, 0, "NONE", ""))
        recording.writeframes(frames.tobytes())


async def test_both_sides_are_drawn_and_played(record: Record, tmp_path: Path) -> None:
    record.all_calls = {"a": call("a")}
    half = 8000
    write(tmp_path / "a.wav", [16384] * half + [0] * half, [0] * half + [-32768] * half)
    async with standing(record, recordings=tmp_path) as stand:
        browser = await stand.signed_in()
        told = await browser.get_json("/calls/a/waveform")
        assert told["seconds"] == 2.0
        assert (told["borrower"], told["bot"]) == ([50] * 300 + [0] * 300, [0] * 300 + [100] * 300)
        answer = await browser.get("/calls/a/recording", headers={"Range": "bytes=0-3"})
        assert (answer.status, await answer.read()) == (206, b"RIFF")
        assert answer.headers["Content-Type"] == "audio/wav"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_a_call_shorter_than_the_picture_is_drawn_too(record: Record, tmp_path: Path) -> None:
    record.all_calls = {"a": call("a")}
    write(tmp_path / "a.wav", [100] * 10, [100] * 10)
    async with standing(record, recordings=tmp_path) as stand:
        told = await (await stand.signed_in()).get_json("/calls/a/waveform")
        assert len(told["borrower"]) == 600


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no wave at all" * 100])
async def test_a_file_that_is_no_recording_yet_is_told(record: Record, tmp_path: Path, content: bytes) -> None:
    record.all_calls = {"a": call("a")}
    (tmp_path / "a.wav").write_bytes(content)
    async with standing(record, recordings=tmp_path) as stand:
        error = (await (await stand.signed_in()).get_json("/calls/a/waveform", 404))["error"]
        assert "not be complete" in error["message"]


async def test_mono_is_no_recording_of_ours(record: Record, tmp_path: Path) -> None:
    record.all_calls = {"a": call("a")}
    write(tmp_path / "a.wav", [1] * 10, [1] * 10, channels=1)
    async with standing(record, recordings=tmp_path) as stand:
        await (await stand.signed_in()).get_json("/calls/a/waveform", 404)


async def test_no_id_leads_out_of_the_folder(record: Record, tmp_path: Path) -> None:
    outside = tmp_path / "secret.wav"
    write(outside, [1], [1])
    inside = tmp_path / "recordings"
    inside.mkdir()
    record.all_calls = {"..%2fsecret": call("../secret"), "../secret": call("../secret")}
    async with standing(record, recordings=inside) as stand:
        browser = await stand.signed_in()
        for path in ("..%2Fsecret", "..%252fsecret"):
            assert (await browser.get(f"/calls/{path}/recording")).status == 404


async def test_without_a_folder_nothing_is_played(record: Record) -> None:
    record.all_calls = {"a": call("a")}
    async with standing(record) as stand:
        browser = await stand.signed_in()
        await browser.get_json("/calls/a/recording", 404)
        await browser.get_json("/calls/b/recording", 404)
