"""What stops a process waits for longer than the code takes to drain, and everything says which port is which."""

from typing import Any

import pytest
import yaml

from schema.serve import DRAIN_S
from tests.deploy.test_settings_told import DEPLOY, documents
from workers.engine import PATIENCE_S

MARGIN_S = 2


def pod_of(file: str) -> dict[str, Any]:
    [deployment] = [document for document in documents("kubernetes", file) if document["kind"] == "Deployment"]
    spec: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize(("file", "drain_s"), [("serve.yaml", DRAIN_S), ("work.yaml", PATIENCE_S)])
def test_kubernetes_waits_for_the_drain(file: str, drain_s: float) -> None:
    pod = pod_of(file)
    [container] = pod["containers"]
    command = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])

    assert pod["terminationGracePeriodSeconds"] >= int(command[1]) + drain_s + MARGIN_S


def test_an_api_pod_is_left_alone_before_it_is_told_to_stop() -> None:
    [container] = pod_of("serve.yaml")["containers"]
    readiness = container["readinessProbe"]

    sleep_s = int(container["lifecycle"]["preStop"]["exec"]["command"][1])

    assert sleep_s > readiness["periodSeconds"] * readiness["failureThreshold"]


@pytest.mark.parametrize("file", ["serve.yaml", "work.yaml"])
def test_every_pod_has_three_probes_at_ports_that_it_has(file: str) -> None:
    [container] = pod_of(file)["containers"]
    ports = {port["name"] for port in container["ports"]}

    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] in ports


@pytest.mark.parametrize("file", ["serve.yaml", "work.yaml", "migrate.yaml"])
def test_no_pod_runs_as_root_or_writes_to_its_image(file: str) -> None:
    [workload] = [document for document in documents("kubernetes", file) if document["kind"] in {"Deployment", "Job"}]
    pod = workload["spec"]["template"]["spec"]
    [container] = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_only_the_job_of_migrations_has_the_owner() -> None:
    for file in ("serve.yaml", "work.yaml"):
        [container] = pod_of(file)["containers"]
        assert {"secretRef": {"name": "owner"}} not in container["envFrom"]
    [job] = documents("kubernetes", "migrate.yaml")
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"][-1] == {"secretRef": {"name": "owner"}}


def test_every_file_is_part_of_the_kustomization() -> None:
    [kustomization] = documents("kubernetes", "kustomization.yaml")
    files = {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")} - {"kustomization.yaml"}

    assert set(kustomization["resources"]) == files


def test_every_disruption_budget_and_scale_is_of_a_deployment_that_is_there() -> None:
    every = [
        document for path in (DEPLOY / "kubernetes").glob("*.yaml") for document in yaml.safe_load_all(path.read_text())
    ]
    deployments = {each["metadata"]["name"]: each for each in every if each["kind"] == "Deployment"}

    for each in every:
        if each["kind"] == "PodDisruptionBudget":
            name = each["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"]
            assert deployments[name]["spec"]["replicas"] > each["spec"]["minAvailable"]
        if each["kind"] in {"HorizontalPodAutoscaler", "ScaledObject"}:
            assert each["spec"]["scaleTargetRef"]["name"] in deployments


def test_compose_waits_for_the_drain() -> None:
    [compose] = documents("compose.yaml")
    for name in ("api-1", "api-2", "worker-1", "worker-2"):
        service = compose["services"][name]
        leave_s = float(service["environment"].get("DOORSTEP_LEAVE_S", 0))
        assert float(service["stop_grace_period"].removesuffix("s")) >= leave_s + max(DRAIN_S, PATIENCE_S) + MARGIN_S
