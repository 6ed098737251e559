"""What the operations page and the alerts say, held to the code."""

import importlib
import json
import re
from typing import Any

import pytest
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pool import Default
from grpc_health.v1 import health_pb2  # registers the health service

from tests.deploy.manifests import ROOT
from tests.deploy.watched import ALERTS, CODE, EVENTS, PAGE, instruments, metrics_of
from tools.env_example import SETTINGS

EXAMPLES = [line for line in PAGE.splitlines() if line.startswith("grpcurl ")]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_metrics_that_the_code_makes(rule: dict[str, Any]) -> None:
    asked = metrics_of(rule["expr"])
    assert asked or "kube_" in rule["expr"]
    assert asked <= instruments()


def test_an_unknown_metric_is_noticed() -> None:
    assert not metrics_of("rate(calls_that_nobody_counts_total[5m]) > 0") <= instruments()


def test_every_alert_says_what_to_do_and_nothing_else_does() -> None:
    section = PAGE.split("\n## Alerts\n")[1].split("\n## ")[0]
    assert re.findall(r"^### (\w+)$", section, re.MULTILINE) == [rule["alert"] for rule in ALERTS]


def test_an_alert_knows_the_reasons_that_the_code_gives() -> None:
    reasons = importlib.import_module("services.telephony.model").Reason
    section = PAGE.split("\n## Alerts\n")[1].split("\n## ")[0]
    named = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section, re.MULTILINE)
    given = {reason for row in named for reason in re.findall(r"`(\w+)`", row)}
    assert given
    assert given <= {reason.value for reason in reasons}


def test_every_service_has_an_example() -> None:
    asked = {line.rsplit(" ", 1)[1].split("/")[0] for line in EXAMPLES}
    assert asked == {
        "grpc.health.v1.Health",
        "voice.telephony.v1.TelephonyService",
        "voice.speech.v1.SpeechService",
        "voice.dialog.v1.DialogService",
        "voice.customers.v1.CustomersService",
        "voice.customers.v1.CallsService",
        "voice.customers.v1.DialingService",
    }
    assert health_pb2.DESCRIPTOR.package == "grpc.health.v1"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda line: line.rsplit("/", 1)[1])
def test_an_example_is_a_request_that_its_method_takes(example: str) -> None:
    service, method = example.rsplit(" ", 1)[1].split("/")
    for name in ("telephony", "speech", "dialog", "customers"):
        importlib.import_module(f"voice.{name}.v1")
    called = Default().FindServiceByName(service).FindMethodByName(method)
    request = message_factory.GetMessageClass(called.input_type)
    found = re.search(r"-d '(.*)'", example)
    rest = found[1] if found else "{}"
    while rest:
        body, end = json.JSONDecoder().raw_decode(rest)
        json_format.ParseDict(body, request())
        rest = rest[end:].strip()
    assert not found or called.client_streaming or rest == ""


def test_settings_that_the_page_names_are_there() -> None:
    classes = (where.split(":") for where in SETTINGS.values())
    known = {
        field.upper()
        for module, name in classes
        for field in getattr(importlib.import_module(module), name).model_fields
    }
    named = set(re.findall(r"\b[A-Z]{2,}(?:_[A-Z]+)+\b", PAGE))
    assert named - {"POSTGRES_PASSWORD", "PIP_INDEX_URL"} - {"RESOURCE_EXHAUSTED", "NOT_FOUND"} - EVENTS <= known


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_an_event_of_the_page_is_one_that_the_code_tells(event: str) -> None:
    assert f'"{event}"' in CODE


def test_links_of_the_page_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists() or target == "../.env.example", target
    headings = {
        re.sub(r"[^\w -]", "", line[3:]).lower().replace(" ", "-") for line in PAGE.splitlines() if line[:2] == "##"
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
