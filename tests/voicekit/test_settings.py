import pytest
from pydantic import PositiveInt, SecretStr

from voicekit.settings import ServiceSettings, load


class Some(ServiceSettings):
    database_url: SecretStr
    """Where the truth is kept."""

    pool_size: PositiveInt = 10
    """Connections."""


def read(argv: list[str] | None = None) -> Some:
    return load(Some, program="some", description="Some service.", argv=argv or [])


def test_a_missing_variable_stops_the_process_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(SystemExit) as stopped:
        read()
    assert stopped.value.code == 2
    assert "DATABASE_URL: Field required" in capsys.readouterr().err


def test_a_bad_value_is_named_but_never_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://x")
    monkeypatch.setenv("POOL_SIZE", "-77")
    with pytest.raises(SystemExit):
        read()
    printed = capsys.readouterr().err
    assert "POOL_SIZE" in printed and "-77" not in printed


def test_an_empty_variable_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://x")
    monkeypatch.setenv("POOL_SIZE", "")
    assert read().pool_size == 10


def test_help_tells_every_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        read(["--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert "DATABASE_URL (required)" in printed and "Where the truth is kept." in printed
