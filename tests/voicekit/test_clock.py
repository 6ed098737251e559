from datetime import datetime

import pytest

from voicekit.clock import INDIA, calling_clock, utc_now
from voicekit.errors import InvalidInput

ELEVEN = datetime(2026, 11, 23, 11, tzinfo=INDIA)


def test_a_simulated_clock_goes_on_from_its_start() -> None:
    now = calling_clock(ELEVEN, ["http://127.0.0.1:8102", "ws://localhost:9", "http://[::1]:1"])
    assert 0 <= (now() - ELEVEN).total_seconds() < 60
    assert now() <= now()


@pytest.mark.parametrize("url", ["https://api.in.exotel.com", "http://10.0.0.1", "", "http://127.0.0.1.example.com"])
def test_it_is_refused_where_a_provider_is_real(url: str) -> None:
    with pytest.raises(InvalidInput, match="CALLING_CLOCK"):
        calling_clock(ELEVEN, ["http://127.0.0.1:1", url])


def test_without_one_the_wall_clock_rules() -> None:
    assert calling_clock(None, ["https://api.in.exotel.com"]) is utc_now


def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(InvalidInput, match="offset"):
        calling_clock(datetime(2026, 11, 23, 11), [])
