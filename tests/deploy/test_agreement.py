"""That deploy/ and the program agree: settings, commands, ports, times, folders."""

from __future__ import annotations

import json
import re
import tomllib
from ipaddress import ip_network
from typing import Any

import pytest

from tests.deploy.files import EXAMPLES, ROOT, compose, containers, manifests, texts
from windstill.cli.commands import COMMANDS
from windstill.settings import Settings, describe, load

SETTINGS = {str(setting["variable"]) for setting in describe()}
FILES = texts()
USER = 10001


def compose_service(name: str) -> dict[str, Any]:
    service: dict[str, Any] = compose(**EXAMPLES)["services"][name]
    return service


def pod_environment(component: str) -> dict[str, str]:
    """What the settings of a pod are, from the configuration, the secret and its own."""
    found: dict[str, str] = {}
    for manifest in manifests():
        found |= manifest.get("data", {}) if manifest["kind"] == "ConfigMap" else {}
        found |= manifest.get("stringData", {}) if manifest["kind"] == "Secret" else {}
    for name, _, container in containers():
        if name == component:
            found |= {each["name"]: each["value"] for each in container.get("env", ())}
    return found


def environments() -> dict[str, dict[str, str]]:
    return {
        "compose api": compose_service("api")["environment"],
        "compose worker": compose_service("worker")["environment"],
        "pod api": pod_environment("api"),
        "pod worker": pod_environment("worker"),
    }


def read(environment: dict[str, str]) -> Settings:
    return load(environ={**environment, "WINDSTILL_DATA": "/data"}).settings


@pytest.mark.parametrize("name", FILES)
def test_every_variable_is_a_setting(name: str) -> None:
    assert set(re.findall(r"\bWINDSTILL_[A-Z0-9_]+", FILES[name])) <= SETTINGS


@pytest.mark.parametrize("name", environments())
def test_every_value_is_allowed(name: str) -> None:
    settings = read(environments()[name])
    assert settings.database.startswith("postgresql://")
    assert settings.broker.startswith("amqp")
    assert settings.storage.startswith("s3://")


def test_api_processes_run_no_jobs_and_workers_do() -> None:
    found = environments()
    assert not read(found["compose api"]).run_jobs
    assert not read(found["pod api"]).run_jobs
    assert read(found["compose worker"]).run_jobs
    assert read(found["pod worker"]).run_jobs


def test_every_command_exists() -> None:
    started = [compose_service(name)["command"][0] for name in ("api", "worker")]
    started += [container["args"][0] for _, _, container in containers()]
    started += re.findall(r'^CMD \["(\w+)"\]', FILES["Dockerfile"], re.MULTILINE)
    for unit in ("windstill.service", "windstill-worker.service"):
        started += re.findall(r"^ExecStart=\S+ (\w+)$", FILES[f"systemd/{unit}"], re.MULTILINE)
    assert sorted(started) == sorted(["serve", "worker"] * 3 + ["serve"])
    assert set(started) <= set(COMMANDS)
    written = re.findall(r"windstill (?:--rm api )?(keys|serve|worker)\b", FILES["README.md"])
    assert set(written) <= set(COMMANDS)


def test_ports_agree() -> None:
    image = dict(re.findall(r"(WINDSTILL_\w*PORT)=(\d+)", FILES["Dockerfile"]))
    exposed = re.search(r"^EXPOSE (.+)$", FILES["Dockerfile"], re.MULTILINE)
    assert exposed is not None
    assert exposed[1].split() == [image["WINDSTILL_PORT"], image["WINDSTILL_WORKER_PORT"]]
    assert f"127.0.0.1:{image['WINDSTILL_PORT']}/livez" in FILES["Dockerfile"]
    assert f"api:{image['WINDSTILL_PORT']};" in FILES["proxy/nginx.conf"]
    worker_health = str(compose_service("worker")["healthcheck"])
    assert f"127.0.0.1:{image['WINDSTILL_WORKER_PORT']}/livez" in worker_health
    pods = {name: container["ports"][0]["containerPort"] for name, _, container in containers()}
    assert pods == {
        "api": int(image["WINDSTILL_PORT"]),
        "worker": int(image["WINDSTILL_WORKER_PORT"]),
    }
    s3 = compose_service("s3")["environment"]["VGW_PORT"]
    assert f"http://s3{s3};" in FILES["proxy/nginx.conf"]
    assert read(environments()["compose api"]).s3_endpoint == f"http://s3{s3}"


def test_the_proxy_passes_the_bucket_that_is_used() -> None:
    bucket = read(environments()["compose api"]).storage.removeprefix("s3://")
    assert f"location /{bucket}/ {{" in FILES["proxy/nginx.conf"]
    assert f"/files/{bucket} " in str(compose_service("s3")["entrypoint"])


def test_probes_ask_what_is_answered() -> None:
    for name, _, container in containers():
        ports = {port["name"] for port in container["ports"]}
        paths = {}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = container[probe]["httpGet"]
            assert asked["port"] in ports, name
            paths[probe] = asked["path"]
        assert list(paths.values()) == ["/livez", "/livez", "/readyz"]


def test_nothing_is_killed_while_it_drains() -> None:
    found = environments()
    for name, pod, _ in containers():
        settings = read(found[f"pod {name}"])
        needed = settings.drain_delay + settings.drain_seconds
        assert pod["terminationGracePeriodSeconds"] > needed
    for name in ("api", "worker"):
        settings = read(found[f"compose {name}"])
        grace = int(compose_service(name)["stop_grace_period"].removesuffix("s"))
        assert grace > settings.drain_delay + settings.drain_seconds
        assert settings.drain_seconds >= settings.job_seconds


def test_a_worker_s_slots_have_processors_and_memory() -> None:
    worker = next(container for name, _, container in containers() if name == "worker")
    settings = read(environments()["pod worker"])
    limits = worker["resources"]["limits"]
    assert limits["cpu"] == worker["resources"]["requests"]["cpu"] == str(settings.slots)
    assert settings.slots * settings.job_memory_mb <= int(limits["memory"][0]) * 1024
    compose_limits = compose_service("worker")["deploy"]["resources"]["limits"]
    settings = read(environments()["compose worker"])
    assert compose_limits["cpus"] == str(settings.slots)
    assert settings.slots * settings.job_memory_mb <= int(compose_limits["memory"][0]) * 1024


def test_every_container_of_the_service_has_bounds_on_processors_and_memory() -> None:
    for _, _, container in containers():
        assert container["resources"]["limits"].keys() == {"cpu", "memory"}
    for name in ("api", "worker"):
        assert compose_service(name)["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}


def test_pods_reach_nothing_but_what_is_filled_in() -> None:
    """As in compose, where only the proxy is on a network with a way out."""
    assert compose(**EXAMPLES)["networks"]["inside"]["internal"] is True
    policies = [each for each in manifests() if each["kind"] == "NetworkPolicy"]
    allowed = [rule for each in policies for rule in each["spec"].get("egress", ())]
    assert any("Egress" in each["spec"]["policyTypes"] for each in policies)
    places = []
    for rule in allowed:
        assert rule["to"]
        assert rule["ports"]
        places += [peer["ipBlock"]["cidr"] for peer in rule["to"] if "ipBlock" in peer]
        for peer in rule["to"]:
            assert peer.keys() in ({"ipBlock"}, {"namespaceSelector", "podSelector"})
    # Addresses of documentation, until somebody writes his own.
    assert len(places) == 3
    documentation = ip_network("192.0.2.0/24")
    assert all(ip_network(place).subnet_of(documentation) for place in places)


def test_one_address_has_bounds_at_every_proxy() -> None:
    for text in (FILES["proxy/nginx.conf"], (ROOT / "docs/how-to/proxy.md").read_text()):
        for word in ("limit_conn_zone", "limit_conn ", "limit_req_zone", "limit_req "):
            assert word in text
    ingress = next(each for each in manifests() if each["kind"] == "Ingress")
    names = {name.rpartition("/")[2] for name in ingress["metadata"]["annotations"]}
    assert {"limit-connections", "limit-rps"} <= names
    # The service believes these proxies, or all clients would share one address's bound.
    for found in (environments()["compose api"], environments()["pod api"]):
        assert read(found).trusted_proxies == "*"


def test_containers_can_write_only_where_they_must() -> None:
    for _, pod, container in containers():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == USER
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        assert mounted == {"data": "/data", "tmp": "/tmp"}
        assert {volume["name"] for volume in pod["volumes"]} == set(mounted)
    for name in ("api", "worker", "proxy"):
        service = compose_service(name)
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    assert f"USER {USER}:{USER}" in FILES["Dockerfile"]


def test_selectors_find_the_pods() -> None:
    pods = [
        manifest["spec"]["template"]["metadata"]["labels"]
        for manifest in manifests()
        if manifest["kind"] == "Deployment"
    ]
    for manifest in manifests():
        spec = manifest.get("spec", {})
        selector = spec.get("podSelector", spec.get("selector", {}))
        wanted = selector.get("matchLabels", selector)
        assert any(wanted.items() <= labels.items() for labels in pods), manifest["metadata"]


def test_workers_are_scaled_by_the_queues_that_there_are() -> None:
    celery = pytest.importorskip("windstill.adapters.celery.app")
    broker = celery.make_broker("amqp://127.0.0.1/")
    scaled = next(each for each in manifests() if each["kind"] == "ScaledObject")["spec"]
    asked = [trigger["metadata"]["queueName"] for trigger in scaled["triggers"]]
    assert asked == [broker.high.name, broker.normal.name]
    names = {each["metadata"]["name"] for each in manifests() if each["kind"] == "Deployment"}
    assert scaled["scaleTargetRef"]["name"] in names


def test_lifecycle_rules_come_after_the_service_s_own() -> None:
    rules = json.loads(FILES["bucket/lifecycle.json"])["Rules"]
    days = min(rule["Expiration"]["Days"] for rule in rules)
    assert days * 86_400 > Settings().result_seconds


def test_the_example_of_variables_is_complete() -> None:
    given = dict(re.findall(r"^(\w+)=(.*)$", FILES[".env.example"], re.MULTILINE))
    used = set(re.findall(r"\$\{(\w+)", FILES["compose.yaml"]))
    assert used == set(given)
    # Nobody starts with a password that everybody knows.
    assert {name for name in given if "PASSWORD" in name or "SECRET" in name} == {
        name for name, value in given.items() if not value
    }


def test_the_image_has_every_package_that_is_needed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in ("serve", "heic", "postgres", "rabbitmq", "s3"):
        wanted += project["optional-dependencies"][extra]
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)", FILES["requirements.txt"], re.MULTILINE))
    names = {re.split(r"[\[<>=]", each)[0] for each in wanted}
    assert names <= pinned.keys()
    tested = dict(
        re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements/dev.txt").read_text(), re.MULTILINE)
    )
    differ = {name for name in pinned.keys() & tested.keys() if pinned[name] != tested[name]}
    assert differ == set()
