"""What an image holds, checked without building it: its files, and that they ask for no package it does not have."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.manifests import DEPLOY, ROOT, SERVICES

DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
IMPORTER = Path(__file__).parent / "import_as_image.py"


def stages() -> dict[str, tuple[str, list[str]]]:
    """Return each stage's base and its instructions."""
    found: dict[str, tuple[str, list[str]]] = {}
    for line in DOCKERFILE.splitlines():
        if stage := re.fullmatch(r"FROM (\S+) AS (\S+)", line):
            found[stage[2]] = (stage[1], [])
        elif found and line and not line.startswith("#"):
            found[list(found)[-1]][1].append(line)
    return found


def copied(service: str) -> list[str]:
    """Return what the image of `service` takes from the tree."""
    lines = [*stages()["runtime"][1], *stages()[service][1]]
    return [line.split()[1] for line in lines if line.startswith("COPY ") and "--from" not in line]


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_holds_its_own_service_and_its_own_packages(service: str) -> None:
    base, lines = stages()[service]
    assert base == "runtime"
    assert f"COPY --from={service}-packages /venv /venv" in lines
    assert copied(service) == ["services/__init__.py", "voicekit", "gen", f"services/{service}"]
    assert f'ENTRYPOINT ["python", "-m", "services.{service}"]' in lines
    assert f"COPY requirements/{service}.txt /tmp/" in stages()[f"{service}-packages"][1]


def test_images_run_as_nobody_and_install_nothing_unpinned() -> None:
    assert "USER 65532:65532" in stages()["runtime"][1]
    assert not [line for name in SERVICES for line in stages()[name][1] if line.startswith(("USER", "RUN"))]
    installs = [line for _, lines in stages().values() for line in lines if " install " in line]
    assert len(installs) == len(SERVICES)
    assert all("--require-hashes" in line for line in installs)
    assert "PIP_ONLY_BINARY=:all:" in DOCKERFILE
    assert not re.search(r"index-url|https?://", DOCKERFILE)


def test_the_base_is_pinned_to_the_python_that_the_pins_were_made_for() -> None:
    assert re.search(r"^ARG PYTHON=python:3\.11-slim-\w+$", DOCKERFILE, re.MULTILINE)


def test_nothing_reaches_the_builder_but_what_images_hold() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    assert allowed == {"requirements", "services", "voicekit", "gen"}


@pytest.mark.parametrize("service", SERVICES)
def test_every_pin_bears_its_hash_and_no_address(service: str) -> None:
    text = (ROOT / "requirements" / f"{service}.txt").read_text()
    pins = re.findall(r"^[a-z0-9].*?==.*$", text, re.MULTILINE)
    assert pins
    assert all(pin.endswith("\\") for pin in pins)
    assert len(re.findall(r"==.*\\\n    --hash=sha256:", text)) == len(pins)
    assert "://" not in text


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_pins_what_the_whole_does(service: str) -> None:
    every = set(re.findall(r"^\S+==\S+", (ROOT / "requirements/dev.txt").read_text(), re.MULTILINE))
    assert set(re.findall(r"^\S+==\S+", (ROOT / f"requirements/{service}.txt").read_text(), re.MULTILINE)) <= every


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_imports_nothing_that_its_image_lacks(service: str) -> None:
    done = subprocess.run(
        [sys.executable, str(IMPORTER), service], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


def test_the_check_refuses_a_package_that_an_image_lacks() -> None:
    done = subprocess.run(
        [sys.executable, str(IMPORTER), "dialog", "asyncpg"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "No module named 'asyncpg'" in done.stderr
