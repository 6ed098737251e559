import importlib
import re

import kubernetes_validate
import pytest
import yaml

from services.customers.dialer import DialerSettings
from services.customers.retention import RetentionSettings
from tests.deploy.manifests import (
    BASE,
    MEDIA,
    OVERLAYS,
    ROOT,
    SERVICES,
    Doc,
    Manifests,
    container,
    name_of,
    pod,
    read_base,
    service_of,
    variables,
)
from voicekit.settings import ServiceSettings

SECRETS = {
    "EXOTEL_API_KEY": "key",
    "EXOTEL_TOKEN": "token",
    "WEBHOOK_SECRET": "0123456789abcdef",
    "REDIS_URL": "redis://:secret@redis:6379/0",
    "SARVAM_API_KEY": "key",
    "DATABASE_URL": "postgresql://user:secret@postgres:5432/voice",
    "DASHBOARD_ADMIN_PASSWORD": "a long password",
}


OF_THEIR_OWN: dict[str, type[ServiceSettings]] = {"dialer": DialerSettings, "retention": RetentionSettings}


def settings_of(workload: Doc) -> type[ServiceSettings]:
    """Return the settings that a workload reads."""
    if name_of(workload) in OF_THEIR_OWN:
        return OF_THEIR_OWN[name_of(workload)]
    settings: type[ServiceSettings] = importlib.import_module(f"services.{service_of(workload)}.settings").Settings
    return settings


def test_every_manifest_fits_its_schema(manifests: Manifests) -> None:
    for doc in manifests.docs:
        kubernetes_validate.validate(doc, "1.33", strict=True)


def test_a_misspelt_field_does_not_fit(manifests: Manifests) -> None:
    doc = {**manifests.one("PodDisruptionBudget", "speech")}
    doc["spec"] = {**doc["spec"], "maxUnavailabel": 1}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(doc, "1.33", strict=True)


def test_every_file_of_the_base_is_in_its_kustomization() -> None:
    listed = yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"]
    assert sorted(listed) == sorted(path.name for path in BASE.glob("*.yaml") if path.name != "kustomization.yaml")


@pytest.mark.parametrize("overlay", ["local", "production"])
def test_an_overlay_names_every_image_and_every_service_s_settings(overlay: str) -> None:
    kustomization = yaml.safe_load((OVERLAYS / overlay / "kustomization.yaml").read_text())
    assert [image["name"] for image in kustomization["images"]] == [f"voice/{service}" for service in SERVICES]
    assert [each["name"] for each in kustomization["configMapGenerator"]] == list(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_all_that_belongs_to_it(manifests: Manifests, service: str) -> None:
    for kind in (
        "Deployment",
        "Service",
        "ServiceAccount",
        "PodDisruptionBudget",
        "HorizontalPodAutoscaler",
        "NetworkPolicy",
    ):
        assert manifests.one(kind, service)


def test_every_variable_is_a_setting_of_the_service_that_gets_it(manifests: Manifests) -> None:
    for workload in manifests.ours():
        known = {name.upper() for name in settings_of(workload).model_fields}
        given = {*manifests.environment(workload), *(variable["name"] for variable in variables(workload))}
        assert given <= known, name_of(workload)


def test_every_service_starts_with_the_variables_it_gets(manifests: Manifests, monkeypatch: pytest.MonkeyPatch) -> None:
    for workload in manifests.ours():
        environment = manifests.environment(workload)
        if name_of(workload) == "dashboard":
            environment["DASHBOARD_ADMIN_PASSWORD"] = None  # one of two that are optional each, and required together
        with monkeypatch.context() as patch:
            for name in (field.upper() for field in settings_of(workload).model_fields):
                patch.delenv(name, raising=False)
            for name, value in environment.items():
                patch.setenv(name, SECRETS[name] if value is None else value)
            settings_of(workload)()


def test_no_secret_stands_in_a_manifest(manifests: Manifests) -> None:
    assert manifests.all("Secret") == []
    secret = re.compile(r"SECRET|PASSWORD|TOKEN|API_KEY|_URL$|ACCESS_KEY|USERS")
    for workload in manifests.workloads():
        literal = {variable["name"] for variable in variables(workload) if "value" in variable}
        literal |= set(manifests.settings.get(name_of(workload), {}))
        assert not {name for name in literal if secret.search(name) and name != "BASE_URL"}, name_of(workload)


def test_customers_alone_has_the_password_of_the_database(manifests: Manifests) -> None:
    having = {
        service_of(workload)
        for workload in manifests.ours()
        for variable in variables(workload)
        if variable["name"] == "DATABASE_URL"
    }
    assert having == {"customers"}


def test_no_workload_reads_the_secrets_of_another(manifests: Manifests) -> None:
    for workload in manifests.ours():
        for variable in variables(workload):
            source = variable.get("valueFrom", {}).get("secretKeyRef")
            assert not source or source["name"] == service_of(workload)


@pytest.mark.parametrize("service", MEDIA)
def test_a_pod_that_stops_outlives_its_longest_call(manifests: Manifests, service: str) -> None:
    call_seconds = int(manifests.environment(manifests.one("Deployment", "telephony"))["CALL_SECONDS"] or 0)
    deployment = manifests.one("Deployment", service)
    drain = float(manifests.environment(deployment)["DRAIN_SECONDS"] or 0)
    grace = pod(deployment)["terminationGracePeriodSeconds"]
    assert drain >= 15 + call_seconds + 45
    assert drain + 30 <= grace <= 600


def test_every_pod_gets_longer_to_stop_than_it_takes(manifests: Manifests) -> None:
    for service in SERVICES:
        deployment = manifests.one("Deployment", service)
        before = container(deployment).get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        drain = float(manifests.environment(deployment)["DRAIN_SECONDS"] or 0)
        assert pod(deployment)["terminationGracePeriodSeconds"] > before + drain + 10


def test_probes_ask_for_names_that_the_code_serves(manifests: Manifests) -> None:
    for service in SERVICES:
        for probe, word in (("startupProbe", "live"), ("livenessProbe", "live"), ("readinessProbe", "read")):
            asked = container(manifests.one("Deployment", service))[probe]
            if service == "dashboard":
                assert asked["httpGet"]["path"] == {"live": "/healthz/live", "read": "/healthz/ready"}[word]
                continue
            short = {"live": f"{service}-liveness", "read": f"{service}-readiness"}[word]
            assert asked["grpc"]["service"] == short
            # What voicekit.rpc makes the names of.
            assert f'RpcServer("{service}"' in (ROOT / "services" / service / "__main__.py").read_text()


def test_ports_are_those_that_the_service_listens_on(manifests: Manifests) -> None:
    for service in SERVICES:
        deployment = manifests.one("Deployment", service)
        ports = {port["name"]: port["containerPort"] for port in container(deployment)["ports"]}
        environment = manifests.environment(deployment)
        listen = "DASHBOARD_HTTP_LISTEN" if service == "dashboard" else f"{service.upper()}_LISTEN"
        assert environment[listen] == f"0.0.0.0:{ports['http' if service == 'dashboard' else 'grpc']}"
        assert environment["METRICS_PORT"] == str(ports["metrics"])
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = container(deployment)[probe].get("grpc", {"port": ports.get("grpc")})
            assert asked["port"] == ports.get("grpc")


def test_addresses_lead_to_services_that_are_there(manifests: Manifests) -> None:
    for workload in manifests.ours():
        for name, value in manifests.environment(workload).items():
            if name.endswith("_ADDRESS"):
                found = re.fullmatch(r"dns:///(\w+):(\d+)", value or "")
                assert found
                service = manifests.one("Service", found[1])["spec"]
                assert service["clusterIP"] == "None"
                assert int(found[2]) in [port["port"] for port in service["ports"]]


def test_no_update_takes_a_pod_away_before_another_is_ready(manifests: Manifests) -> None:
    for service in SERVICES:
        assert manifests.one("Deployment", service)["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        budget = manifests.one("PodDisruptionBudget", service)["spec"]
        assert budget["maxUnavailable"] == 1
        assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
        assert len(pod(manifests.one("Deployment", service))["topologySpreadConstraints"]) == 2


def test_telephony_grows_at_six_tenths_of_its_calls(manifests: Manifests) -> None:
    most = int(manifests.environment(manifests.one("Deployment", "telephony"))["MAX_CALLS"] or 0)
    metrics = manifests.one("HorizontalPodAutoscaler", "telephony")["spec"]["metrics"]
    (slots,) = (metric["pods"] for metric in metrics if metric["type"] == "Pods")
    assert slots["metric"]["name"] == "call_slots_used"
    assert int(slots["target"]["averageValue"]) == 0.6 * most


def test_a_worker_dials_no_more_than_the_least_number_of_pods_has_room_for(manifests: Manifests) -> None:
    most = int(manifests.environment(manifests.one("Deployment", "telephony"))["MAX_CALLS"] or 0)
    slots = int(manifests.environment(manifests.one("Deployment", "dialer"))["DIAL_SLOTS"] or 0)
    pods = manifests.one("HorizontalPodAutoscaler", "telephony")["spec"]["minReplicas"]
    assert slots <= most * pods
    assert manifests.one("PodDisruptionBudget", "dialer")["spec"]["maxUnavailable"] == 1
    assert container(manifests.one("Deployment", "dialer"))["command"] == ["python", "-m", DialerSettings.__module__]


def test_what_is_old_is_forgotten_each_night(manifests: Manifests) -> None:
    job = manifests.one("CronJob", "retention")
    assert container(job)["command"] == ["python", "-m", RetentionSettings.__module__]
    assert re.fullmatch(r"\d+ [0-6] \* \* \*", job["spec"]["schedule"])
    assert (job["spec"]["timeZone"], job["spec"]["concurrencyPolicy"]) == ("Asia/Kolkata", "Forbid")


def test_recordings_lie_where_who_writes_plays_and_deletes_them_looks(recorded: Manifests) -> None:
    (claim,) = recorded.all("PersistentVolumeClaim")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    having = {}
    for workload in recorded.ours():
        for mount in container(workload)["volumeMounts"]:
            if mount["name"] != "recordings":
                continue
            (volume,) = (each for each in pod(workload)["volumes"] if each["name"] == "recordings")
            assert volume["persistentVolumeClaim"]["claimName"] == name_of(claim)
            assert recorded.environment(workload)["RECORDINGS_DIR"] == mount["mountPath"]
            having[name_of(workload)] = mount.get("readOnly", False)
    assert having == {"telephony": False, "dashboard": True, "retention": False}
    groups = {
        pod(workload)["securityContext"]["fsGroup"] for workload in recorded.ours() if name_of(workload) in having
    }
    assert len(groups) == 1  # what telephony writes, retention may delete


def test_without_recordings_nothing_of_them_is_there() -> None:
    base = read_base()
    assert base.all("PersistentVolumeClaim") == []
    assert not any("RECORDINGS_DIR" in base.environment(workload) for workload in base.ours())


def test_selectors_find_their_pods(manifests: Manifests) -> None:
    for service in SERVICES:
        labels = manifests.one("Deployment", service)["spec"]["template"]["metadata"]["labels"].items()
        for kind in ("Deployment", "PodDisruptionBudget"):
            assert manifests.one(kind, service)["spec"]["selector"]["matchLabels"].items() <= labels
        assert manifests.one("Service", service)["spec"]["selector"].items() <= labels
        assert manifests.one("HorizontalPodAutoscaler", service)["spec"]["scaleTargetRef"]["name"] == service
