from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.audio import silence, tone
from emulators.exotel.ear import Ear
from emulators.exotel.pulse import Pulse

BEEP = tone(200, 440)


def ear() -> Ear:
    return Ear(8000, opened=10.0, pulse=Pulse())


def test_audio_plays_in_order_and_in_real_time() -> None:
    listening = ear()
    assert listening.receive(BEEP, 10.1) == 0
    assert listening.receive(BEEP, 10.15) == 0
    assert listening.ahead(10.15) == pytest.approx(0.35)
    assert listening.played(10.3) == silence(100) + BEEP
    assert listening.played(10.6) == silence(100) + BEEP + BEEP + silence(100)


def test_a_queue_that_ran_dry_leaves_a_gap() -> None:
    listening = ear()
    listening.receive(BEEP, 10.0)
    assert listening.receive(BEEP, 10.25) == pytest.approx(0.05)
    assert listening.played(10.45) == BEEP + silence(50) + BEEP


def test_a_short_packet_is_filled_with_silence() -> None:
    listening = ear()
    listening.receive(BEEP[:-100], 10.0)
    listening.receive(BEEP, 10.0)
    assert listening.played(10.4) == BEEP[:-100] + bytes(100) + BEEP


@pytest.mark.parametrize(("cuts", "kept_ms"), [("message", 200), ("packet", 60)])
def test_clear_drops_what_has_not_begun_to_play(cuts: Literal["message", "packet"], kept_ms: int) -> None:
    listening = ear()
    for _ in range(3):
        listening.receive(BEEP, 10.0)
    listening.clear(10.05, cuts, "dropped")
    assert listening.ahead(10.05) == pytest.approx(kept_ms / 1000 - 0.05)
    assert listening.played(11.0) == (BEEP * 3)[: kept_ms * 16] + silence(1000 - kept_ms)
    assert listening.spans[-1].end == pytest.approx(10 + kept_ms / 1000)
    listening.receive(BEEP, 10.05)
    assert listening.find(BEEP[: kept_ms * 16] + BEEP) == pytest.approx(10.2 + kept_ms / 1000)


@pytest.mark.parametrize(("fate", "due"), [("dropped", ["a"]), ("flushed", ["a", "b"])])
def test_marks_behind_cleared_audio_are_dropped_or_flushed(fate: Literal["dropped", "flushed"], due: list[str]) -> None:
    listening = ear()
    listening.mark("a")
    listening.receive(BEEP, 10.0)
    listening.receive(BEEP, 10.0)
    listening.mark("b")
    listening.clear(10.0, "message", fate)
    assert listening.due_marks(10.2) == due
    assert listening.next_mark_at() is None


def test_a_mark_is_due_when_the_audio_before_it_has_played() -> None:
    listening = ear()
    listening.receive(BEEP, 10.0)
    listening.mark("a")
    assert listening.next_mark_at() == pytest.approx(10.2)
    assert listening.due_marks(10.19) == []
    assert listening.due_marks(10.2) == ["a"]


def test_closing_falls_silent_at_once() -> None:
    listening = ear()
    listening.receive(BEEP, 10.0)
    listening.close(10.1)
    assert listening.played(10.4) == BEEP[:1600] + silence(300)
    assert listening.spans[-1].end == pytest.approx(10.1)


def test_audio_is_found_only_whole_and_on_a_sample() -> None:
    listening = ear()
    listening.receive(BEEP, 10.0)
    listening.receive(BEEP, 10.3)
    assert listening.find(BEEP) == pytest.approx(10.2)
    assert listening.find(BEEP, after=10.25) == pytest.approx(10.5)
    assert listening.find(BEEP + BEEP) is None
    assert listening.find(BEEP[1:1001]) is None


@given(st.lists(st.tuples(st.integers(1, 40), st.floats(0, 0.5)), max_size=20))
def test_nothing_is_lost_or_doubled_however_audio_arrives(parts: list[tuple[int, float]]) -> None:
    listening, now, sent = ear(), 10.0, b""
    for index, (packets, pause) in enumerate(parts):
        now += pause
        pcm = bytes([index + 1, 1]) * 160 * packets
        dry = listening.receive(pcm, now)
        assert dry >= 0
        sent += pcm
    played = listening.played(now + 60)
    assert played.replace(b"\0\0", b"") == sent
    assert len(played) == round((now + 50) * 8000) * 2
