"""The chart, rendered by helm itself where it is installed."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "framebus"
GIVEN = {
    "publicUrl": "https://media.example",
    "image.registry": "registry.example/framebus",
    "kafka.bootstrap": "kafka:9092",
    "s3.endpoint": "https://s3.example",
    "s3.bucket": "media",
    "ingress.host": "media.example",
}
HELM = shutil.which("helm", path=str(Path(sys.executable).parent)) or shutil.which("helm")
KUBERNETES = ("1.28", "1.34")
OPTIONS = ({}, {"keda.enabled": "true"}, {"s3.createBucket": "true", "keda.enabled": "true"})
pytestmark = pytest.mark.skipif(HELM is None, reason="there is no wheel of helm for this machine, nor a helm")


def helm(command: str, *words: str, **more: str) -> str:
    settings = [word for name, value in {**GIVEN, **more}.items() for word in ("--set", f"{name}={value}")]
    done = subprocess.run(
        [str(HELM), command, *words, str(CHART), *settings], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rendered(**more: str) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(helm("template", "fb", **more)) if each]


def of(kind: str, manifests: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] == kind}


def test_helm_finds_no_fault() -> None:
    assert "0 chart(s) failed" in helm("lint", "--strict")


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_knows_every_field_of_every_manifest(version: str) -> None:
    for options in OPTIONS:
        for manifest in rendered(**options):
            if not manifest["apiVersion"].startswith("keda.sh/"):
                kubernetes_validate.validate(manifest, version, strict=True)


def test_every_pod_runs_without_rights_with_probes_limits_and_its_own_secret() -> None:
    manifests = rendered()
    deployments = of("Deployment", manifests)
    assert len(deployments) == len(yaml.safe_load((CHART / "values.yaml").read_text())["roles"])
    for name, each in {**deployments, **of("Job", manifests)}.items():
        pod = each["spec"]["template"]["spec"]
        [container] = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"], name
        assert container["securityContext"]["readOnlyRootFilesystem"], name
        assert container["resources"]["limits"]["memory"], name
        [secret] = container["envFrom"]
        assert secret["secretRef"]["name"].removeprefix("framebus-") in container["image"], name
        if each["kind"] == "Deployment":
            assert container["readinessProbe"]["httpGet"]["path"] == "/readyz", name


def test_a_deployments_selector_finds_its_own_pods_and_no_others() -> None:
    deployments = of("Deployment", rendered())
    for name, each in deployments.items():
        wanted = each["spec"]["selector"]["matchLabels"].items()
        found = [
            n for n, o in deployments.items() if wanted <= o["spec"]["template"]["metadata"]["labels"].items()
        ]
        assert found == [name]


def test_what_services_ask_has_an_address_that_they_may_reach() -> None:
    manifests = rendered()
    services, policies = of("Service", manifests), of("NetworkPolicy", manifests)
    [container] = of("Deployment", manifests)["fb-gateway-api"]["spec"]["template"]["spec"]["containers"]
    asked = [env["value"] for env in container["env"] if str(env["value"]).startswith("http://fb-")]
    assert len(asked) == 4
    for url in asked:
        name = url.removeprefix("http://").removesuffix(":8000")
        assert name in services
        assert "framebus/service: gateway" in yaml.safe_dump(policies[name]["spec"])


def test_callbacks_and_the_inside_have_their_own_paths() -> None:
    [ingress] = of("Ingress", rendered()).values()
    paths = {
        path["path"]: path["backend"]["service"]["name"]
        for path in ingress["spec"]["rules"][0]["http"]["paths"]
    }
    assert paths["/"] == "fb-gateway-api"
    assert paths["/api/v1/video/callback"] == "fb-callbacks-api"
    assert paths["/internal"] == paths["/metrics"] == "fb-nowhere"


def test_schemas_and_topics_are_there_before_anything_else() -> None:
    jobs = of("Job", rendered(**{"s3.createBucket": "true"}))
    services = ("gateway", "ledger", "dispatcher", "callbacks", "storage")
    assert set(jobs) == {"fb-topics", "fb-bucket", *(f"fb-{name}-migrate" for name in services)}
    for job in jobs.values():
        assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_with_keda_consumers_follow_their_lag_and_workers_their_load() -> None:
    manifests = rendered(**{"keda.enabled": "true"})
    scaled, deployments = of("ScaledObject", manifests), of("Deployment", manifests)
    assert scaled["fb-ledger-consumer"]["spec"]["triggers"][0]["metadata"]["consumerGroup"] == "ledger"
    assert scaled["fb-storage-worker"]["spec"]["triggers"][0]["type"] == "cpu"
    for name, each in deployments.items():
        assert ("replicas" in each["spec"]) != (name in scaled), name
    assert of("ScaledObject", rendered()) == {}


def test_with_the_prometheus_operator_all_roles_are_read_and_the_alerts_are_ours() -> None:
    manifests = rendered(**{"monitoring.enabled": "true", "monitoring.labels.release": "prom"})
    [monitor], [rule] = of("PodMonitor", manifests).values(), of("PrometheusRule", manifests).values()
    [roles] = monitor["spec"]["selector"]["matchExpressions"]
    assert {f"fb-{name}" for name in roles["values"]} == set(of("Deployment", manifests))
    ours = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text("utf-8"))
    assert rule["spec"] == ours
    assert rule["metadata"]["labels"]["release"] == "prom"
    assert of("PodMonitor", rendered()) == {}
