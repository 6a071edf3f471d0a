"""Every role of every service runs somewhere: in docker-compose.yml and in the Helm chart."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
EVERY_SERVICE = pytest.mark.parametrize("name", ["gateway", "ledger", "dispatcher", "callbacks", "storage"])


@pytest.fixture(scope="module")
def containers() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"])


@pytest.fixture(scope="module")
def deployments() -> dict[str, Any]:
    values = ROOT / "deploy" / "helm" / "framebus" / "values.yaml"
    return dict(yaml.safe_load(values.read_text("utf-8"))["roles"])


def roles(name: str) -> set[str]:
    package = ROOT / "services" / name / "src" / name
    source = "".join((package / file).read_text("utf-8") for file in ("app.py", "__main__.py"))
    [found] = re.findall(r"(?:\broles=|^ROLES = )\(([^)]*)\)", source, re.MULTILINE)
    return set(re.findall(r'"(\w+)"', found))


@EVERY_SERVICE
def test_compose_runs_every_role_and_the_migration(name: str, containers: dict[str, Any]) -> None:
    wanted = {f"{name}-{role}": [role] for role in roles(name) | {"migrate"}}
    found = {each: told["command"] for each, told in containers.items() if each.startswith(f"{name}-")}
    assert found == wanted


@EVERY_SERVICE
def test_the_chart_deploys_every_role(name: str, deployments: dict[str, Any]) -> None:
    found = {each: told["role"] for each, told in deployments.items() if told["service"] == name}
    assert found == {f"{name}-{role}": role for role in roles(name)}


def test_only_the_edge_is_published_and_only_jobs_end(containers: dict[str, Any]) -> None:
    sight = {name for name, told in containers.items() if told.get("profiles") == ["observe"]}
    assert {name for name, told in containers.items() if "ports" in told} == {"edge", *sight}
    assert {port.split(":-")[1][:9] for name in sight for port in containers[name]["ports"]} == {"127.0.0.1"}
    ending = {name for name, told in containers.items() if told["restart"] == "no"}
    jobs = {name for name in containers if name.endswith("-migrate")}
    assert ending == jobs | {"topics", "bucket", "demo-account"}


def test_what_is_scaled_with_kafka_reads_as_its_service(deployments: dict[str, Any]) -> None:
    groups = {told["service"]: told["group"] for told in deployments.values() if "group" in told}
    assert groups == {name: name for name in groups}
    assert set(groups) == {"gateway", "ledger", "dispatcher", "callbacks", "storage"}


def test_prometheus_scrapes_every_role_that_compose_runs(containers: dict[str, Any]) -> None:
    told = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text("utf-8"))
    jobs = {each["job_name"]: each["dns_sd_configs"][0]["names"] for each in told["scrape_configs"]}
    wanted = {name for name in containers if name.endswith(("-api", "-consumer", "-worker"))}
    assert jobs == {name: [name] for name in wanted}
