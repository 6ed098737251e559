from ipaddress import IPv4Network
from typing import Any
from unittest.mock import AsyncMock, MagicMock

from services.dashboard import app as dashboard
from services.telephony import app as telephony
from tests.deploy.manifests import MEDIA, Doc, Manifests, container, name_of, pod

NAME = "app.kubernetes.io/name"


def peers(rule: Doc, direction: str) -> set[str]:
    found = set()
    for peer in rule[direction]:
        if "ipBlock" in peer:
            found.add("outside" if peer["ipBlock"]["cidr"] == "0.0.0.0/0" else "stores")
        elif "podSelector" in peer:
            found.add(peer["podSelector"]["matchLabels"][NAME])
        else:
            found.add(f"namespace {peer['namespaceSelector']['matchLabels']['voice.example/role']}")
    return found


def edges(policy: Doc, side: str) -> set[tuple[str, int]]:
    direction = {"ingress": "from", "egress": "to"}[side]
    return {
        (peer, port["port"])
        for rule in policy["spec"].get(side, [])
        for peer in peers(rule, direction)
        for port in rule["ports"]
    }


def test_no_container_may_do_more_than_run(manifests: Manifests) -> None:
    for workload in manifests.workloads():
        of_pod, of_container = pod(workload)["securityContext"], container(workload)["securityContext"]
        assert of_pod["runAsNonRoot"] is True
        assert of_pod["runAsUser"] > 0
        assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}
        assert of_container["readOnlyRootFilesystem"] is True
        assert of_container["allowPrivilegeEscalation"] is False
        assert of_container["capabilities"] == {"drop": ["ALL"]}
        assert pod(workload)["automountServiceAccountToken"] is False, name_of(workload)


def test_each_of_our_workloads_has_an_account_of_its_own_without_a_token(manifests: Manifests) -> None:
    for workload in manifests.ours():
        account = manifests.one("ServiceAccount", pod(workload)["serviceAccountName"])
        assert name_of(account) == name_of(workload)
        assert account["automountServiceAccountToken"] is False
    assert not [doc for doc in manifests.docs if "Role" in doc["kind"]]


def test_memory_is_had_as_asked_for_and_sound_is_never_throttled(manifests: Manifests) -> None:
    for workload in manifests.workloads():
        resources: Any = container(workload)["resources"]
        assert resources["limits"]["memory"] == resources["requests"]["memory"]
    for service in MEDIA:
        assert "cpu" not in container(manifests.one("Deployment", service))["resources"]["limits"]


def test_the_namespace_takes_restricted_pods_alone(manifests: Manifests) -> None:
    (namespace,) = manifests.all("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_nothing_goes_anywhere_unless_an_edge_says_so(manifests: Manifests) -> None:
    assert manifests.one("NetworkPolicy", "default-deny")["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    for workload in manifests.workloads():
        policy = manifests.one("NetworkPolicy", name_of(workload))["spec"]
        assert policy["podSelector"]["matchLabels"] == {NAME: name_of(workload)}
        assert policy["policyTypes"] == ["Ingress", "Egress"]


def test_the_edges_are_those_of_the_design(manifests: Manifests) -> None:
    policy = {name_of(doc): doc for doc in manifests.all("NetworkPolicy")}
    assert edges(policy["telephony"], "egress") == {
        ("speech", 50052),
        ("dialog", 50053),
        ("customers", 50054),
        ("stores", 6379),
        ("outside", 443),
    }
    assert edges(policy["speech"], "egress") == {("stores", 6379), ("outside", 443)}
    assert edges(policy["dialog"], "egress") == {("outside", 443)}
    assert edges(policy["customers"], "egress") == {("stores", 5432)}
    assert edges(policy["dialer"], "egress") == {("telephony", 50051), ("stores", 5432)}
    assert edges(policy["dialer"], "ingress") == set()
    assert edges(policy["migrate"], "egress") == {("stores", 5432)}
    assert edges(policy["retention"], "egress") == {("stores", 5432)}
    assert edges(policy["retention"], "ingress") == set()
    assert edges(policy["dashboard"], "egress") == {("customers", 50054), ("telephony", 50051), ("stores", 6379)}
    callers = {("dashboard", 50051), ("dialer", 50051)}
    assert edges(policy["telephony"], "ingress") == {("namespace ingress", 8000), *callers}
    assert edges(policy["dashboard"], "ingress") == {("namespace ingress", 8080)}
    assert edges(policy["migrate"], "ingress") == set()


def test_each_edge_is_open_at_both_its_ends(manifests: Manifests) -> None:
    policies = [doc for doc in manifests.all("NetworkPolicy") if "matchLabels" in doc["spec"]["podSelector"]]
    own = {doc["spec"]["podSelector"]["matchLabels"].get(NAME): doc for doc in policies}
    going = {(a, b, port) for a, doc in own.items() if a for b, port in edges(doc, "egress") if b in own}
    coming = {(a, b, port) for b, doc in own.items() if b for a, port in edges(doc, "ingress") if a in own}
    local = {edge for edge in coming if edge[1] in ("postgres", "redis")}  # their other end: policies to-*
    assert going == coming - local


def test_the_way_out_does_not_lead_back_in(manifests: Manifests) -> None:
    for name in ("telephony", "speech"):
        rules = manifests.one("NetworkPolicy", name)["spec"]["egress"]
        (block,) = (peer["ipBlock"] for rule in rules for peer in rule["to"] if "except" in peer.get("ipBlock", {}))
        shut = [IPv4Network(each) for each in block["except"]]
        for address in ("10.1.2.3/32", "172.20.0.1/32", "192.168.7.7/32", "169.254.169.254/32"):
            assert any(IPv4Network(address).subnet_of(network) for network in shut)


def carrier_paths() -> set[str]:
    """Return the paths that telephony serves to the carrier, up to their first parameter."""
    parts = AsyncMock()
    app = telephony.App(parts, parts, parts, parts, parts, ready=bool).build()
    served = {route.resource.canonical.split("/{")[0] for route in app.router.routes() if route.resource}
    return served - {"/healthz", "/readyz"}


def dashboard_paths() -> set[str]:
    made = dashboard.make_dashboard(MagicMock(session_seconds=60))
    return {endpoint.path for endpoint in made.endpoints} | {"/static"}


def test_the_ingress_sends_each_public_path_to_who_serves_it(manifests: Manifests) -> None:
    (rule,) = manifests.one("Ingress", "telephony")["spec"]["rules"]
    routed = {path["path"] for path in rule["http"]["paths"]}
    assert routed == carrier_paths()
    assert {path["backend"]["service"]["name"] for path in rule["http"]["paths"]} == {"telephony-web"}
    (rule,) = manifests.one("Ingress", "dashboard")["spec"]["rules"]
    (rest,) = rule["http"]["paths"]
    assert (rest["path"], rest["backend"]["service"]["name"]) == ("/", "dashboard")
    shadowed = {path for path in dashboard_paths() for other in routed if f"{path}/".startswith(f"{other}/")}
    assert shadowed == set()


def test_the_voice_socket_may_be_silent_for_longer_than_a_call_lasts(manifests: Manifests) -> None:
    annotations = manifests.one("Ingress", "telephony")["metadata"]["annotations"]
    longest = int(manifests.environment(manifests.one("Deployment", "telephony"))["CALL_SECONDS"] or 0)
    for name in ("proxy-read-timeout", "proxy-send-timeout"):
        assert int(annotations[f"nginx.ingress.kubernetes.io/{name}"]) > longest
    assert annotations["nginx.ingress.kubernetes.io/enable-access-log"] == "false"
