from bench.startup import EMPTY, Start, empty_python, report, too_slow


def test_only_a_median_above_two_seconds_is_too_slow() -> None:
    starts = {
        EMPTY: [Start(0.02, 0.02)] * 3,
        "dialog": [Start(1.9, 1.1), Start(9.0, 1.1), Start(1.8, 1.1)],
        "speech": [Start(2.1, 1.0), Start(1.0, 1.0), Start(2.2, 1.0)],
    }
    assert too_slow(starts) == ["speech"]
    assert "1.90" in report(starts)
    assert "9.00" in report(starts)
    assert "95" in report(starts), "times python"


def test_an_empty_interpreter_takes_some_time() -> None:
    taken = empty_python()
    assert taken.seconds > 0
    assert taken.core_s >= 0
