"""What watches the system, read for tests: the page's text, the alerts, and the metrics that the code makes."""

import re

import yaml

from tests.deploy.manifests import DEPLOY, ROOT

PAGE = (ROOT / "docs/operations.md").read_text()
ALERTS = [rule for group in yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]
EVENTS = set(
    re.findall(r"`([A-Z]{2,}(?:_[A-Z]+)+)`", "".join(re.findall(r"^\| (`[A-Z_`, ]+) \| \w+ \|", PAGE, re.MULTILINE)))
)
CODE = "\n".join(path.read_text() for folder in ("services", "voicekit") for path in (ROOT / folder).rglob("*.py"))
EXPORTED = re.compile(r"\b(?!container_|kube_|process_)([a-z]+(?:_[a-z]+)+)(?:_bucket|_count)?(?=[\[{)/ ]|$)")
WORDS = {"histogram_quantile"}


def instruments() -> set[str]:
    """Return the metrics that the code makes, as Prometheus names them."""
    counters = re.findall(r"create_\w+\(\s*\"([a-z_.]+)\"", CODE)
    histograms = re.findall(r"\bseconds\(\s*\"([a-z_.]+)\"", CODE)
    named = {name.replace(".", "_") for name in histograms}
    return set(counters) | {name if name.endswith("_seconds") else f"{name}_seconds" for name in named}


def metrics_of(expression: str) -> set[str]:
    expression = re.sub(r"\b(by|on) \([^)]*\)", "", expression)  # these are labels
    found = {re.sub(r"_(bucket|count)$", "", name) for name in EXPORTED.findall(expression)}
    return found - WORDS
