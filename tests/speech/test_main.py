import pytest

from services.speech.__main__ import main


def test_help_names_every_setting(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["speech", "--help"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 0
    help_text = capsys.readouterr().out
    for name in ("SARVAM_API_KEY (required)", "SARVAM_WS_BASE", "TTS_REQUESTS_PER_MINUTE (default 60)", "REDIS_URL"):
        assert name in help_text


def test_without_a_key_it_stops_and_names_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    monkeypatch.delenv("SARVAM_API_KEY", raising=False)
    monkeypatch.setattr("sys.argv", ["speech"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "SARVAM_API_KEY" in capsys.readouterr().err


def test_settings_can_be_checked_without_starting(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SARVAM_API_KEY", "a-secret")
    monkeypatch.setenv("SARVAM_VOICES", '{"ta-IN": "kavitha"}')
    monkeypatch.setattr("sys.argv", ["speech", "--check"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 0
    assert "a-secret" not in capsys.readouterr().out
