import subprocess
import sys

import pytest

from bench.__main__ import benches, main


def test_every_bench_says_in_a_line_what_it_measures() -> None:
    assert {"vad", "turns", "corpus", "hearing"} <= set(benches())
    assert all(what.endswith(".") for what in benches().values())
    assert "lines" not in benches()  # a helper


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out.startswith(tuple(benches()))


def test_an_unknown_name_is_answered_by_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vadd"]) == 2
    printed = capsys.readouterr()
    assert "no bench vadd" in printed.err
    assert "vad  " in printed.out


def test_the_rest_of_the_line_is_the_bench_s_own() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "vad", "--voices", "9"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--voices" in done.stderr
