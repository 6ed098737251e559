"""Alerts and the dashboard: they parse, they fire when they should, and they ask for what is measured."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import REGISTRY, generate_latest

from tests.deploy.manifests import DEPLOY, Manifests, name_of
from tests.deploy.watched import ALERTS, CODE, PAGE, instruments, metrics_of
from tests.support.programs import needed
from tools.grafana import FILE, ROWS, Panel, dashboard

RULES, TESTS = DEPLOY / "alerts.yaml", DEPLOY / "alerts.test.yaml"
PANELS = [panel for _, row in ROWS for panel in row]
QUERIES = [query for panel in PANELS for query, _ in panel.queries]


def promtool(*arguments: str | Path) -> None:
    """Run promtool; what it prints explains a failure."""
    program = needed("promtool", package="prometheus", what="whether alerts fire and queries parse")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_rules() -> None:
    promtool("check", "rules", RULES)


@pytest.mark.timeout(180)  # five seconds of work, on a machine that may do other things
def test_alerts_fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", TESTS)


def test_every_alert_is_tested_with_what_it_must_fire_for_and_with_what_not() -> None:
    asked = [test for group in yaml.safe_load(TESTS.read_text())["tests"] for test in group["alert_rule_test"]]
    fires = {test["alertname"] for test in asked if test.get("exp_alerts")}
    rests = {test["alertname"] for test in asked if not test.get("exp_alerts")}
    assert fires == rests == {rule["alert"] for rule in ALERTS}


def test_a_rule_that_asks_for_a_share_has_a_least_volume() -> None:
    shares = [rule for rule in ALERTS if "/ sum(" in rule["expr"] or "histogram_quantile" in rule["expr"]]
    alone = {rule["alert"] for rule in shares if ">=" not in rule["expr"]}
    assert len(shares) > 8
    assert alone == {"LoopLags"}  # a loop's lag is measured each second, whether calls are there or not


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_panel_asks_for_metrics_that_the_code_makes(panel: Panel) -> None:
    for query, _ in panel.queries:
        asked = metrics_of(query)
        assert asked or "process_" in query
        assert asked <= instruments()


def test_each_query_of_the_dashboard_is_promql(tmp_path: Path) -> None:
    recorded = [
        {"record": f"panel:{at}", "expr": query.replace("$__rate_interval", "5m")} for at, query in enumerate(QUERIES)
    ]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}))
    promtool("check", "rules", file)


def test_the_dashboard_is_the_one_that_the_table_makes() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == dashboard(), "run python -m tools.grafana"


def test_no_two_panels_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not taken & cells and place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(dashboard()["panels"])


def test_production_hands_grafana_the_dashboard(manifests: Manifests) -> None:
    found = [doc for doc in manifests.all("ConfigMap") if name_of(doc) == "voice-dashboard"]
    if not any("production" in name_of(doc) or doc["kind"] == "Ingress" for doc in manifests.docs) or not found:
        pytest.skip("only the overlay production has the dashboard")
    (doc,) = found
    assert doc["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(doc["data"]["voice.json"]) == dashboard()


def made() -> list[tuple[str, str, str]]:
    """Return what makes each instrument, its name and its unit, as the code has them."""
    found = [(kind, name, "") for kind, name in re.findall(r"\.(create_\w+)\(\s*\"([a-z_.]+)\"", CODE)]
    return found + [("create_histogram", name, "s") for name in re.findall(r"\bseconds\(\s*\"([a-z_.]+)\"", CODE)]


def test_prometheus_sees_the_names_that_alerts_and_dashboard_use() -> None:
    provider = MeterProvider(metric_readers=[reader := PrometheusMetricReader()])
    try:
        meter = provider.get_meter("tried")
        for kind, name, unit in made():
            instrument: Any = getattr(meter, kind)(name, unit=unit)
            for record in ("add", "record", "set"):
                if hasattr(instrument, record):
                    getattr(instrument, record)(1)
        seen = generate_latest(REGISTRY).decode()
    finally:
        provider.shutdown()
        del reader
    told = {re.sub(r"_(bucket|count|sum)$", "", line.split("{")[0].split(" ")[0]) for line in seen.splitlines()}
    observed = {name for kind, name, _ in made() if "observable" in kind}
    assert instruments() - observed <= told


def test_the_page_tells_what_each_metric_means() -> None:
    assert {name for name in instruments() if f"`{name}" not in PAGE} == set()
