"""Reads the manifests: an overlay as kubectl renders it, and the base as it lies in its files."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
BASE = DEPLOY / "k8s" / "base"
OVERLAYS = DEPLOY / "k8s" / "overlays"
RECORDINGS = DEPLOY / "k8s" / "recordings"
SERVICES = ("telephony", "speech", "dialog", "customers", "dashboard")
MEDIA = ("telephony", "speech", "dialog")

Doc = dict[str, Any]


@dataclass(frozen=True)
class Manifests:
    """A set of manifests, and the values that each workload gets from its ConfigMap."""

    docs: list[Doc]
    settings: dict[str, dict[str, str]]

    def all(self, kind: str) -> list[Doc]:
        return [doc for doc in self.docs if doc["kind"] == kind]

    def one(self, kind: str, name: str) -> Doc:
        (found,) = (doc for doc in self.all(kind) if doc["metadata"]["name"] == name)
        return found

    def workloads(self) -> list[Doc]:
        return [*self.all("Deployment"), *self.all("Job"), *self.all("CronJob")]

    def ours(self) -> list[Doc]:
        """Return the workloads that run our images."""
        return [doc for doc in self.workloads() if container(doc)["image"].startswith("voice/")]

    def environment(self, workload: Doc) -> dict[str, str | None]:
        """Return the variables of a workload; None is the value of a secret."""
        found: dict[str, str | None] = dict(self.settings.get(name_of(workload), {}))
        for variable in container(workload).get("env", []):
            source = variable.get("valueFrom", {})
            if not source.get("secretKeyRef", {}).get("optional"):
                found[variable["name"]] = None if "secretKeyRef" in source else variable.get("value", "a-pod")
        return found


def name_of(doc: Doc) -> str:
    return str(doc["metadata"]["name"])


def pod(workload: Doc) -> Doc:
    made_of = workload["spec"]["jobTemplate"] if workload["kind"] == "CronJob" else workload
    spec: Doc = made_of["spec"]["template"]["spec"]
    return spec


def container(workload: Doc) -> Doc:
    (only,) = pod(workload)["containers"]
    found: Doc = only
    return found


def service_of(workload: Doc) -> str:
    """Return the service whose settings a workload reads: its image's."""
    return str(container(workload)["image"].split("/")[1].split(":")[0])


def read_base() -> Manifests:
    names = yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"]
    docs = [doc for name in names for doc in yaml.safe_load_all((BASE / name).read_text())]
    settings = {service: read_env("production", service) for service in SERVICES}
    return Manifests(docs, {**settings, "dialer": settings["customers"], "retention": settings["customers"]})


def read_env(overlay: str, service: str) -> dict[str, str]:
    lines = (OVERLAYS / overlay / "settings" / f"{service}.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def render(folder: Path) -> Manifests:
    command = ["kubectl", "kustomize", str(folder)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
    manifests = Manifests(list(yaml.safe_load_all(printed)), {})
    for workload in manifests.ours():
        for source in container(workload).get("envFrom", []):
            data = manifests.one("ConfigMap", source["configMapRef"]["name"])["data"]
            manifests.settings[name_of(workload)] = data
    return manifests


def with_recordings(folder: Path) -> Path:
    """Write an overlay into `folder` that is the production one, with recordings."""
    recorded = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(OVERLAYS / "production", folder.resolve())],
        "components": [os.path.relpath(RECORDINGS, folder.resolve())],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(recorded))
    return folder


def variables(doc: Doc) -> Iterator[Doc]:
    yield from container(doc).get("env", [])
