import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from voicekit.logs import bind, set_up_logs


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_is_json_with_the_fields_bound_to_its_task(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("speech")
    bind(call_id="c1")
    structlog.get_logger("x").info("The stream ended.", seconds=3)
    logging.getLogger("some.library").warning("from a library")
    ours, theirs = lines(capsys)
    assert ours["event"] == "The stream ended." and ours["call_id"] == "c1" and ours["service"] == "speech"
    assert theirs["event"] == "from a library" and theirs["call_id"] == "c1"


def test_no_borrower_comes_through_even_by_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("speech")
    log = structlog.get_logger("x")
    log.info("A mistake.", name="Asha Rao", note="rang +919999900012 twice")
    try:
        raise ValueError("Asha Rao said no")
    except ValueError:
        log.exception("It failed.")
    logging.getLogger("some.library").error("number 9999900012")
    printed = capsys.readouterr().out
    assert "Asha" not in printed and "99999000" not in printed
    assert "******0012" in printed and "ValueError" in printed


def test_that_a_listener_hung_up_is_no_error_but_a_mistake_in_grpc_is(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("speech")
    grpc = logging.getLogger("grpc._cython.cygrpc")
    grpc.error("ExecuteBatchError raised in core by servicer method [/voice.speech.v1.SpeechService/Speak]")
    grpc.error("Unexpected [ValueError] raised by servicer method [/voice.speech.v1.SpeechService/Speak]")
    assert [line["event"] for line in lines(capsys)] == [
        "Unexpected [ValueError] raised by servicer method [/voice.speech.v1.SpeechService/Speak]"
    ]
