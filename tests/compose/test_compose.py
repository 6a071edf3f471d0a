"""`make compose-test`: the containers of docker-compose.yml under load, killed and scaled. In this order."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from contracts.topics import read_by

from tests.compose.containers import (
    ROOT,
    Containers,
    Load,
    behind,
    missing_docker,
    say,
    service_of,
    shared,
    wait_for,
)

REASON = missing_docker()
pytestmark = [
    pytest.mark.skipif(REASON is not None, reason=str(REASON)),
    pytest.mark.timeout(1800),
]
BODY = {
    "model": "doubao-seedance-2-0-fast",
    "input": {"prompt": "A street after rain", "size": "16:9", "resolution": "480p", "duration": 4},
}


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    made = Containers(tmp_path_factory.mktemp("compose"))
    try:
        made.start()
        yield made
    except BaseException:
        made.show_logs()
        raise
    finally:
        made.stop()


@pytest.fixture
async def load(containers: Containers) -> Load:
    return Load(containers, BODY)


def check_books(containers: Containers) -> None:
    """The ledger's own proof; it fails if something is wrong."""
    say("the ledger checks its books")
    say(containers.compose("exec", "-T", "ledger-worker", "service", "check"))


def test_the_demo_runs_against_the_containers(containers: Containers) -> None:
    where = {"BASE_URL": containers.base_url, "API_KEY": containers.api_key}
    demo = [sys.executable, "-m", "stack.demo_remote"]
    assert subprocess.run(demo, env={**os.environ, **where}, cwd=ROOT, check=False).returncode == 0
    check_books(containers)


def test_one_container_listens_outside_and_shows_nothing_of_the_inside(containers: Containers) -> None:
    published = {
        service_of(each)
        for each in containers.inspected()
        for bindings in each["NetworkSettings"]["Ports"].values()
        if bindings
    }
    assert published == {"edge"}
    for path in ("/internal/tasks/x", "/metrics", "/readyz", "//metrics", "/api/../metrics"):
        assert httpx.get(containers.base_url + path, trust_env=False).status_code == 404, path


def test_a_service_runs_without_rights_on_a_file_system_that_it_cannot_change(containers: Containers) -> None:
    [container] = containers.ids("gateway-api")
    code = "import os; print(os.getuid()); open('/app/x', 'w')"
    done = subprocess.run(
        ["docker", "exec", container, "python", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "10001"
    assert "Read-only file system" in done.stderr
    assert subprocess.run(["docker", "exec", container, "pip"], capture_output=True, check=False).returncode


def test_a_service_that_is_told_to_stop_drains_and_ends_by_itself(containers: Containers) -> None:
    [container] = containers.ids("callbacks-consumer")
    subprocess.run(["docker", "stop", "--time", "40", container], check=True, capture_output=True)
    [state] = [each["State"] for each in containers.inspected(every=True) if each["Id"].startswith(container)]
    assert state["ExitCode"] == 0
    subprocess.run(["docker", "start", container], check=True, capture_output=True)


async def test_scaling_up_killing_and_scaling_down_under_load_loses_nothing(
    containers: Containers, load: Load
) -> None:
    await asyncio.to_thread(containers.render_cached)
    topics = [topic.name for topic in read_by("ledger")]
    scaling = asyncio.create_task(load.submit(60))
    await asyncio.to_thread(containers.scale, "ledger-consumer", 3)
    await asyncio.to_thread(containers.scale, "dispatcher-worker", 3)
    await asyncio.to_thread(
        wait_for,
        "three ledgers to share all partitions",
        lambda: containers.partitions("ledger"),
        lambda found: shared(found, topics, 3),
    )
    await scaling
    killing = asyncio.create_task(load.submit(100))
    while len(load.task_ids) < 80:
        await asyncio.sleep(0.1)
    say(f"{len(load.task_ids)} tasks so far; killing a ledger-consumer and a dispatcher-worker for good")
    for service in ("ledger-consumer", "dispatcher-worker"):
        await asyncio.to_thread(containers.kill, containers.ids(service)[0])
    for service in ("gateway-consumer", "storage-worker", "storage-consumer", "gateway-api"):
        say(f"killing the process of {service}: Docker is to start it again")
        await asyncio.to_thread(containers.kill_process, service)
    await killing
    say(f"{len(load.task_ids)} tasks are accepted")
    await asyncio.to_thread(
        wait_for,
        "the two that are left to have read all",
        lambda: containers.partitions("ledger"),
        lambda found: shared(found, topics, 2) and behind(found) == 0,
    )
    leaving = asyncio.create_task(load.submit(40))
    await asyncio.to_thread(containers.scale, "ledger-consumer", 1)
    await asyncio.to_thread(containers.scale, "dispatcher-worker", 1)
    await leaving
    say(f"how they ended: {await load.ended()}")
    assert (await load.credits())["held"] == 0
    check_books(containers)
    wait_for("every container to be healthy again", containers.unhealthy, lambda names: not names)
