import sys
from collections.abc import Iterator
from datetime import time

import pytest
from pydantic import ValidationError

from services.dialog.__main__ import make_model, make_server
from services.dialog.settings import Settings


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    yield


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]  # the field names of the model


def test_production_needs_a_model() -> None:
    with pytest.raises(ValidationError, match="CLAUDE_INTENT_MODEL_ID"):
        settings()


def test_development_may_go_by_the_rules_alone() -> None:
    assert make_model(settings(environment="development")) is None


def test_production_asks_nobody_but_aws() -> None:
    with pytest.raises(ValidationError, match="AWS_ENDPOINT_URL_BEDROCK_RUNTIME"):
        settings(claude_intent_model_id="m", aws_endpoint_url_bedrock_runtime="http://localhost:8103")
    with pytest.raises(ValidationError, match="AWS_ENDPOINT_URL_BEDROCK_RUNTIME"):
        settings(claude_intent_model_id="m", aws_endpoint_url_bedrock_runtime="https://amazonaws.com.example.org")
    private = "https://vpce-1.bedrock-runtime.ap-south-1.vpce.amazonaws.com"
    settings(claude_intent_model_id="m", aws_endpoint_url_bedrock_runtime=private)


@pytest.mark.parametrize("hours", ["8-19", "08:00", "25:00-26:00", "", "08:00-19:00 ", "19:00-08:00", "08:00-08:00"])
def test_hours_must_be_hours(hours: str) -> None:
    with pytest.raises(ValidationError):
        settings(environment="development", agent_hours=hours)


def test_agents_work_in_the_hours_of_calling() -> None:
    assert settings(environment="development").agents_from_to == (time(8), time(19))


def test_a_simulated_clock_is_refused_by_name_where_the_model_is_real() -> None:
    with pytest.raises(ValidationError, match="CALLING_CLOCK"):
        settings(claude_intent_model_id="m", calling_clock="2026-11-23T11:00+05:30")
    here = "http://127.0.0.1:8103"
    settings(environment="development", calling_clock="2026-11-23T11:00+05:30", aws_endpoint_url_bedrock_runtime=here)


def test_secrets_print_as_stars() -> None:
    shown = repr(settings(environment="development", aws_secret_access_key="canary", aws_session_token="canary"))
    assert "canary" not in shown


async def test_the_parts_fit_together() -> None:
    chosen = settings(environment="development", dialog_listen="127.0.0.1:0", claude_intent_model_id="m")
    model = make_model(chosen)
    assert model is not None
    server = make_server(chosen, model)
    assert await server.start() > 0
    await server.drain(0)
    model.close()


def test_boto3_is_not_loaded_before_it_is_used() -> None:
    import subprocess

    code = "import sys, services.dialog.__main__; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, env={"PYTHONPATH": ".:gen"}).returncode == 0
