import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest

from services.telephony.model import Next
from services.telephony.recording import Recordings
from tests.telephony.fakes import FakeDialog, ms_of, turn
from tests.telephony.world import BRIEF, world

pytestmark = pytest.mark.virtual_time

TONE = b"\x00\x10" * 800


def read(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


async def test_both_sides_lie_where_they_were_heard(tmp_path: Path) -> None:
    recording = Recordings(tmp_path).begin("call/1")
    for tick in range(120):  # twelve seconds: more than is kept in memory
        await asyncio.sleep(0.1)
        recording.borrower(TONE if tick in (20, 100) else bytes(1600))
    recording.bot(TONE, 0.3)
    for _ in range(10):
        await asyncio.sleep(0.1)
        recording.borrower(bytes(1600))
    recording.close()
    await asyncio.sleep(0.1)
    left, right = read(tmp_path / "call_1.wav").T
    assert [round(at / 800) for at in np.flatnonzero(np.diff((left != 0).astype(int)) == 1)] == [20, 100]
    assert np.flatnonzero(right)[0] == pytest.approx(12.3 * 8000, abs=1700)
    assert np.count_nonzero(right) == 800


async def test_what_the_borrower_never_heard_is_not_on_it(tmp_path: Path) -> None:
    recording = Recordings(tmp_path).begin("c")
    recording.bot(TONE * 4, 0.0)
    await asyncio.sleep(0.1)
    recording.silenced()
    recording.borrower(bytes(8000))
    recording.close()
    await asyncio.sleep(0.1)
    assert np.count_nonzero(read(tmp_path / "c.wav")[:, 1]) == 800


async def test_nothing_is_written_without_a_folder(tmp_path: Path) -> None:
    recording = Recordings(None).begin("c")
    recording.borrower(TONE)
    recording.bot(TONE, 0.0)
    recording.close()
    await asyncio.sleep(0.1)
    assert not (tmp_path / "c.wav").exists()


async def test_the_borrower_is_not_recorded_before_the_notice_was_heard(tmp_path: Path) -> None:
    notice = "this call is recorded"
    dialog = FakeDialog(turn(1, notice, listen_for=2.0), turn(2, "goodbye", then=Next.HANG_UP))
    async with world(dialog, recordings_dir=tmp_path) as it:
        call = await it.rings()
        call.mouth.noise_dbfs = -30.0
        await call.ends()
        await asyncio.sleep(1)
    left, right = read(tmp_path / f"{BRIEF.call_id}.wav").T
    notice_ends = ms_of(notice) * 8
    assert not np.any(left[: notice_ends - 800])
    assert np.any(left[notice_ends + 2400 :])
    assert np.any(right[:notice_ends])
