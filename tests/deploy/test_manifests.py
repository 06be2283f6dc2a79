"""Compose file, image and Kubernetes manifests: every name in them exists, and nothing runs as root."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.settings import ActionSettings
from gateway.app import create_app
from gateway.settings import GatewaySettings
from knowledge.settings import KnowledgeSettings

DEPLOY = Path(__file__).parents[2] / "deploy"
START = (DEPLOY / "containers" / "start").read_text("utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "containers" / "compose.yaml").read_text("utf-8"))
SETTINGS = {
    f"NCZF_{field.upper()}"
    for model in (GatewaySettings, ActionSettings, KnowledgeSettings)
    for field in model.model_fields
}
OF_THE_IMAGE = {"NCZF_RASA_HOST"}
"""Read by the image's start script alone."""
PORTS = {"gateway": 8080, "rasa": 5005, "actions": 5055}


def manifests() -> list[dict[str, Any]]:
    """All objects of the base, as kustomize builds them where kubectl is at hand."""
    base = DEPLOY / "kubernetes" / "base"
    if shutil.which("kubectl"):
        built = subprocess.run(["kubectl", "kustomize", str(base)], capture_output=True, text=True)
        assert built.returncode == 0, built.stderr
        return [one for one in yaml.safe_load_all(built.stdout) if one]
    listed = yaml.safe_load((base / "kustomization.yaml").read_text("utf-8"))["resources"]
    return [o for name in listed for o in yaml.safe_load_all((base / name).read_text("utf-8")) if o]


OBJECTS = manifests()
WORKLOADS = [o for o in OBJECTS if o["kind"] in ("Deployment", "StatefulSet")]
CONTAINERS = {c["name"]: c for w in WORKLOADS for c in w["spec"]["template"]["spec"]["containers"]}


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> set[str]:
    """Every path that the gateway serves."""
    settings = GatewaySettings(_env_file=None, data_dir=tmp_path_factory.mktemp("x"))
    return {getattr(route, "path", "") for route in create_app(settings).routes} | set(
        create_app(settings).openapi()["paths"]
    )


def test_every_setting_named_exists():
    named = set(re.findall(r"NCZF_[A-Z0-9_]*[A-Z0-9]", yaml.safe_dump(COMPOSE) + yaml.safe_dump(OBJECTS)))
    plain = {name.removesuffix("_FILE") if name not in SETTINGS else name for name in named}
    assert len(plain) > 12
    assert sorted(plain - SETTINGS - OF_THE_IMAGE) == []


def test_every_secret_file_is_read_by_the_start_script_and_is_a_setting():
    listed = re.search(r"for name in (.+?); do", START)
    assert listed is not None
    read = {f"NCZF_{name}" for name in listed[1].split()}
    assert read <= SETTINGS
    services = COMPOSE["services"].values()
    used = {k for s in services for k in (s.get("environment") or {}) if k.endswith("_FILE") and "NCZF" in k}
    assert used and {name.removesuffix("_FILE") for name in used} <= read
    for service in services:
        wanted = {
            Path(value).name
            for key, value in (service.get("environment") or {}).items()
            if str(value).startswith("/run/secrets/") and key.endswith("_FILE")
        }
        if service.get("command") == ["gateway"]:
            assert {"gateway_database", "redis_url", "metrics_token"} <= set(service["secrets"])
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"]), wanted


def test_the_services_of_compose_are_limited_healthy_and_not_privileged():
    for name, service in COMPOSE["services"].items():
        assert service["deploy"]["resources"]["limits"]["memory"], name
        if service["image"] == "nczf:local":
            assert service["read_only"] and service["cap_drop"] == ["ALL"], name
            assert service["healthcheck"]["test"], name
            port = PORTS[service["command"][0]]
            assert f":{port}/" in service["healthcheck"]["test"][-1], name
    assert COMPOSE["networks"]["stores"]["internal"] and COMPOSE["networks"]["middle"]["internal"]


def test_the_start_script_knows_every_process_and_refuses_others():
    for process in PORTS:
        assert re.search(rf"^{process}\)", START, re.M)
    shown = subprocess.run(
        ["sh", "-c", START.replace("cd /opt/nczf", "cd /"), "start", "kettle"],
        env={"NCZF_DATA_DIR": "/tmp/nczf-start-test", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert (shown.returncode, "expected gateway" in shown.stderr) == (2, True)


def test_the_start_script_turns_secret_files_into_settings(tmp_path):
    secret = tmp_path / "redis_url"
    secret.write_text("redis://:word@redis/0")
    script = START.replace("cd /opt/nczf", "cd /").replace(
        "exec .build/app/bin/python -m gateway.app", 'printf "%s|%s" "$NCZF_REDIS_URL"'
    )
    shown = subprocess.run(
        ["sh", "-c", script, "start", "gateway", "arg"],
        env={
            "NCZF_DATA_DIR": str(tmp_path / "data"),
            "NCZF_REDIS_URL_FILE": str(secret),
            "PATH": "/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
    )
    assert shown.stdout == "redis://:word@redis/0|arg"


def test_every_container_is_limited_unprivileged_and_from_our_image():
    assert set(CONTAINERS) == set(PORTS)
    for name, container in CONTAINERS.items():
        assert container["image"] == "nczf:local" and container["args"] == [name]
        for kind in ("limits", "requests"):
            assert {"cpu", "memory"} <= set(container["resources"][kind])
        secured = container["securityContext"]
        assert secured["readOnlyRootFilesystem"] and not secured["allowPrivilegeEscalation"]
        assert secured["capabilities"]["drop"] == ["ALL"]
        assert container["ports"][0]["containerPort"] == PORTS[name]
    for workload in WORKLOADS:
        spec = workload["spec"]["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"] and not spec["automountServiceAccountToken"]


def test_every_probe_of_the_gateway_is_a_route(paths):
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert CONTAINERS["gateway"][probe]["httpGet"]["path"] in paths
    assert CONTAINERS["gateway"]["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_services_and_policies_lead_to_pods_that_exist():
    labels = [w["spec"]["template"]["metadata"]["labels"] for w in WORKLOADS]

    def found(selector: dict[str, str]) -> bool:
        return any(selector.items() <= pod.items() for pod in labels)

    for one in OBJECTS:
        if one["kind"] == "Service":
            assert found(one["spec"]["selector"]), one["metadata"]["name"]
        if one["kind"] == "NetworkPolicy" and one["spec"]["podSelector"]:
            assert found(one["spec"]["podSelector"]["matchLabels"]), one["metadata"]["name"]
    policies = [o["spec"] for o in OBJECTS if o["kind"] == "NetworkPolicy"]
    ports = {p["port"] for spec in policies for rule in spec.get("ingress", []) for p in rule["ports"]}
    assert ports == set(PORTS.values())


def test_the_dialogue_pods_are_listed_for_the_gateway_by_their_names():
    settings = next(o for o in OBJECTS if o["kind"] == "ConfigMap")["data"]
    dialogue = next(w for w in WORKLOADS if w["kind"] == "StatefulSet")
    spec = dialogue["spec"]
    names = [f"http://dialogue-{n}.{spec['serviceName']}:5005" for n in range(spec["replicas"])]
    assert settings["NCZF_RASA_URL"].split(",") == names


def test_the_image_runs_as_nobody_and_holds_no_secret():
    text = (DEPLOY / "containers" / "Dockerfile").read_text("utf-8")
    assert re.search(r"^USER 10001", text, re.M)
    ignored = (DEPLOY.parent / ".dockerignore").read_text("utf-8").split()
    assert {"data", ".git", "deploy/containers/secrets"} <= set(ignored)
    assert not re.findall(r"https?://", text)


def test_the_example_overlay_builds_and_names_no_secret():
    values = (DEPLOY / "kubernetes" / "example" / "secrets.env").read_text("utf-8").splitlines()
    assert all(line.startswith("#") or line.endswith("=") for line in values)
    if shutil.which("kubectl"):
        built = subprocess.run(
            ["kubectl", "kustomize", str(DEPLOY / "kubernetes" / "example")], capture_output=True, text=True
        )
        assert built.returncode == 0, built.stderr
        kinds = [o["kind"] for o in yaml.safe_load_all(built.stdout)]
        assert {"Ingress", "Secret", "StatefulSet", "Deployment", "NetworkPolicy"} <= set(kinds)
