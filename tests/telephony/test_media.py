import base64
import json
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.telephony.media import (
    Clear,
    Connected,
    Dtmf,
    Inbound,
    Mark,
    Media,
    Outbound,
    Started,
    Stopped,
    Unknown,
    parse,
)
from voicekit.audio import silence, ulaw_encode
from voicekit.errors import InvalidInput

START: dict[str, Any] = {
    "event": "start",
    "sequence_number": "1",
    "stream_sid": "st",
    "start": {
        "stream_sid": "st",
        "call_sid": "ca",
        "account_sid": "ac",
        "from": "+919999900012",
        "to": "+918045670001",
        "custom_parameters": {"env": "prod"},
        "media_format": {"encoding": "raw", "sample_rate": "8000", "bit_rate": "128"},
    },
}


def read(message: object) -> object:
    return parse(orjson.dumps(message))


def test_a_start_as_documented() -> None:
    assert read(START) == Started("st", "ca", "ac", "+919999900012", "+918045670001", {"env": "prod"})


@pytest.mark.parametrize(
    "change",
    [
        {"sequence_number": 1},
        {"event": "START"},
        {"start": START["start"] | {"custom_parameters": {"env": "prod"}, "extra": [1, 2]}},
        {"stream_sid": None},
    ],
)
def test_a_start_in_other_words(change: dict[str, Any]) -> None:
    assert read(START | change) == read(START)


@pytest.mark.parametrize("parameters", [None, "", {}, []])
def test_a_start_without_parameters(parameters: object) -> None:
    started = read(START | {"start": START["start"] | {"custom_parameters": parameters}})
    assert isinstance(started, Started)
    assert started.parameters == {}


@pytest.mark.parametrize(
    ("rate", "hz"), [("16000", 16000), (16000, 16000), ("24000Hz", 24000), (None, 8000), ("44100", 8000), ("x", 8000)]
)
def test_rates_in_every_spelling(rate: object, hz: int) -> None:
    started = read(
        START | {"start": START["start"] | {"media_format": {"sample_rate": rate, "encoding": "audio/x-l16"}}}
    )
    assert isinstance(started, Started)
    assert (started.rate_hz, started.mulaw) == (hz, False)


def test_a_start_in_camel_case_with_the_format_outside() -> None:
    started = read(
        {
            "Event": "start",
            "streamSid": "st",
            "mediaFormat": {"sampleRate": 16000, "encoding": "audio/x-mulaw"},
            "start": {"callSid": "ca", "accountSid": "ac"},
        }
    )
    assert started == Started("st", "ca", "ac", rate_hz=16000, mulaw=True)


def test_the_other_events() -> None:
    assert read({"event": "connected", "protocol": "Call"}) == Connected()
    assert read({"event": "media", "media": {"chunk": 2, "payload": "AAE="}}) == Media(b"\x00\x01")
    assert read({"event": "media", "media": {"Payload": "AAE="}}) == Media(b"\x00\x01")
    assert read({"event": "dtmf", "dtmf": {"digit": 4, "duration": "120"}}) == Dtmf("4")
    assert read({"event": "dtmf", "digit": "#"}) == Dtmf("#")
    assert read({"event": "dtmf", "dtmf": {"digit": "AB"}}) == Unknown("dtmf")
    assert read({"event": "mark", "mark": {"name": "t1"}}) == Mark("t1")
    assert read({"event": "stop", "stop": {"reason": "callended"}}) == Stopped("callended")
    assert read({"event": "stop"}) == Stopped("")
    assert read({"event": "closed"}) == Stopped("")
    assert read({"event": "clear"}) == Clear()
    assert read({"event": "silence"}) == Unknown("silence")
    assert read([1]) == Unknown("no_object")
    assert parse("{") == Unknown("no_json")


def test_a_strange_event_puts_nothing_of_itself_into_the_log() -> None:
    assert read({"event": "+919999900012\n{}"}) == Unknown("919999900012")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(["start", "media", "dtmf", "mark", "stop", "clear", "closed", "connected", "other"])


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_bytes_and_no_text_make_it_raise(data: bytes | str) -> None:
    try:
        encoded = data if isinstance(data, bytes) else data.encode()
    except UnicodeEncodeError:
        return
    parse(encoded)


@given(
    name=names, body=json_values, rest=st.dictionaries(st.sampled_from(["stream_sid", "digit", "name"]), json_values)
)
def test_no_json_makes_it_raise(name: str, body: object, rest: dict[str, object]) -> None:
    parse(json.dumps({"event": name, name: body, **rest}))


@given(st.lists(st.binary(max_size=700), max_size=20), st.sampled_from([8000, 16000, 24000]))
def test_sound_of_any_size_comes_in_as_whole_samples_and_none_is_lost(pieces: list[bytes], rate: int) -> None:
    inbound = Inbound(Started("s", "c", rate_hz=rate))
    out = [inbound.feed(piece) for piece in pieces]
    assert all(len(pcm) % 2 == 0 for pcm in out)
    whole = b"".join(pieces)
    if rate == 8000:
        assert b"".join(out) == whole[: len(whole) & ~1]
    else:
        assert len(b"".join(out)) == len(whole) // (2 * rate // 8000) * 2


def test_mu_law_is_taken_at_its_word() -> None:
    tone = (8000 * np.sin(np.arange(800))).astype("<i2").tobytes()
    heard = np.frombuffer(Inbound(Started("s", "c", mulaw=True)).feed(ulaw_encode(tone)), "<i2")
    assert np.abs(heard.astype(int) - np.frombuffer(tone, "<i2")).max() < 400


@pytest.mark.parametrize(("rate", "times"), [(8000, 1), (16000, 2), (24000, 3)])
def test_what_is_sent_has_the_documented_form_at_the_stream_s_rate(rate: int, times: int) -> None:
    outbound = Outbound('a"b', rate)
    message = orjson.loads(outbound.media(silence(100)))
    assert message.keys() == {"event", "stream_sid", "media"}
    assert (message["event"], message["stream_sid"], list(message["media"])) == ("media", 'a"b', ["payload"])
    assert len(base64.b64decode(message["media"]["payload"])) == 1600 * times
    assert orjson.loads(outbound.mark("t1")) == {"event": "mark", "stream_sid": 'a"b', "mark": {"name": "t1"}}
    assert orjson.loads(outbound.clear()) == {"event": "clear", "stream_sid": 'a"b'}


def test_numbers_are_added_where_a_stream_wants_them() -> None:
    outbound = Outbound("s", numbered=True)
    outbound.media(silence(100))
    media = orjson.loads(outbound.media(silence(100)))["media"]
    assert (media["chunk"], media["timestamp"]) == ("2", "100")


@pytest.mark.parametrize("size", [0, 1, 319, 321])
def test_broken_frames_are_not_sent(size: int) -> None:
    with pytest.raises(InvalidInput):
        Outbound("s").media(bytes(size))
