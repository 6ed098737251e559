import pytest

from services.dialog.breaker import Breaker
from voicekit.errors import ProviderDown


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock, tries=3, rest_s=10)
    for _ in range(3):
        breaker.pass_through()
        breaker.failed()
    return breaker


def test_failures_in_a_row_open_it() -> None:
    breaker = opened(Clock())
    assert breaker.open
    with pytest.raises(ProviderDown):
        breaker.pass_through()


def test_a_success_between_them_does_not() -> None:
    breaker = Breaker(Clock(), tries=2, rest_s=10)
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    assert not breaker.open


def test_after_a_rest_one_is_let_through_and_the_next_is_not() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 10
    breaker.pass_through()
    with pytest.raises(ProviderDown):
        breaker.pass_through()


def test_the_one_that_succeeds_closes_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 10
    breaker.pass_through()
    breaker.succeeded()
    breaker.pass_through()
    breaker.pass_through()


def test_the_one_that_fails_lets_all_rest_again() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 10
    breaker.pass_through()
    breaker.failed()
    clock.now = 19
    with pytest.raises(ProviderDown):
        breaker.pass_through()
    clock.now = 20
    breaker.pass_through()


def test_one_that_tries_and_is_never_heard_of_again_blocks_nobody_for_ever() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 10
    breaker.pass_through()
    clock.now = 20
    breaker.pass_through()
