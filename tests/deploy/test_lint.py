"""What the tools of each format say to the files in deploy/."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from tests.deploy.files import DEPLOY, EXAMPLES, compose, manifests

OWN_TYPES = ("keda.sh/",)
"""Kinds that a cluster learns from elsewhere; their schemas are not in Kubernetes."""


def run(command: Sequence[str | Path], folder: Path = DEPLOY) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""


def tool(name: str) -> str:
    """A program of the virtual environment, or of the machine; skips the test without it."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def test_yaml_is_well_formed_and_neat() -> None:
    run([tool("yamllint"), "--strict", "--config-file", ".yamllint", "."])


def test_the_dockerfile_follows_the_rules() -> None:
    run([tool("hadolint"), "Dockerfile"])


def test_the_compose_file_is_valid() -> None:
    compose_spec = pytest.importorskip("compose_spec")
    text = yaml.safe_dump(compose(**EXAMPLES))
    compose_spec.PyCompose.from_yaml(text).validate()


@pytest.mark.parametrize("missing", EXAMPLES)
def test_the_compose_file_has_no_secret_of_its_own(missing: str) -> None:
    rest = {name: value for name, value in EXAMPLES.items() if name != missing}
    with pytest.raises(KeyError, match=missing):
        compose(**rest)


def test_manifests_have_the_cluster_s_schemas() -> None:
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    checked = 0
    for manifest in manifests():
        if not manifest["apiVersion"].startswith(OWN_TYPES):
            kubernetes_validate.validate(manifest, "1.30", strict=True)
            checked += 1
    assert checked >= 10


def test_the_example_can_be_built() -> None:
    command = [tool("kubectl"), "kustomize", DEPLOY / "kubernetes" / "example"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    built = list(yaml.safe_load_all(done.stdout))
    assert len(built) == len(manifests())
    assert {each["metadata"].get("namespace", "windstill") for each in built} == {"windstill"}
    images = {
        container["image"]
        for each in built
        if each["kind"] == "Deployment"
        for container in each["spec"]["template"]["spec"]["containers"]
    }
    assert images == {"registry.example.org/windstill:0.1.0"}


@pytest.mark.parametrize("name", ["windstill.service", "windstill-worker.service"])
def test_units_are_valid_and_locked_up(tmp_path: Path, name: str) -> None:
    analyze = tool("systemd-analyze")
    text = (DEPLOY / "systemd" / name).read_text()
    program = Path(sys.executable).parent / "windstill"
    (tmp_path / name).write_text(text.replace("/opt/windstill/bin/windstill", str(program)))
    run([analyze, "verify", f"./{name}"], tmp_path)
    # From 0, which can do nothing, to 10, which can do anything.
    run([analyze, "security", "--offline=true", "--threshold=20", f"./{name}"], tmp_path)


def test_the_proxy_s_configuration_is_valid(tmp_path: Path) -> None:
    places = "".join(
        f"{each}_temp_path {tmp_path};\n" for each in ("client_body", "proxy", "fastcgi", "uwsgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr crit; events {{}}\n"
        f"http {{ {places} scgi_temp_path {tmp_path};\ninclude {DEPLOY}/proxy/nginx.conf; }}\n"
    )
    done = subprocess.run(
        [tool("nginx"), "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, timeout=30
    )
    assert done.returncode == 0, done.stderr.decode()


def test_rules_of_the_bucket_cover_both_kinds_of_files() -> None:
    rules = json.loads((DEPLOY / "bucket" / "lifecycle.json").read_text())["Rules"]
    assert {rule["Filter"]["Prefix"] for rule in rules} == {"uploads/", "results/"}
    for rule in rules:
        assert rule["Status"] == "Enabled"
        assert rule["Expiration"]["Days"] >= 2
        assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] >= 1
    policy = json.loads((DEPLOY / "bucket" / "policy.json").read_text())
    actions = {action for each in policy["Statement"] for action in each["Action"]}
    assert {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"} <= actions
    cors = json.loads((DEPLOY / "bucket" / "cors.json").read_text())["CORSRules"]
    assert [rule["AllowedMethods"] for rule in cors] == [["GET", "HEAD"]]
