"""What an operator sees: a real Prometheus over the running stack, our dashboards' questions, our alerts."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator

import pytest
from aiokafka import AIOKafkaProducer
from flow_tools import HOME, ROOT, Customer, World, seedance, until, veo
from prometheus_tools import Prometheus, expressions, running_prometheus
from stack import control
from stack.errors import StackError

pytestmark = pytest.mark.timeout(300)
PAGE = ROOT / "docs" / "metrics.md"
UNLIMITED = {"dispatcher_slots", "dispatcher_slot_waiters"}  # no provider of this stack has a limit
NOT_OF_THIS_DAY = {
    "framebus_dead_letters_total",
    "gateway_requests_repeated_total",
    "dispatcher_provider_cost_credits_total",
    "callbacks_deliveries_ended_total",
}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000"
    "050001a5f645400000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def address(running: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: ARG001
    services = json.loads((HOME / "stack.json").read_text())["services"]
    try:
        with running_prometheus(services, tmp_path_factory.mktemp("prometheus")) as url:
            yield url
    except StackError as error:
        pytest.skip(str(error))


@pytest.fixture
async def prometheus(address: str) -> AsyncIterator[Prometheus]:
    made = Prometheus(address)
    await until(made.ready, "Prometheus to be ready")
    yield made
    await made.close()


def described() -> dict[str, str]:
    """Every metric of the page with its type; a histogram by its count."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    return {f"{name}_count" if kind == "histogram" else name: kind for name, kind in rows}


async def test_every_metric_is_there_and_what_customers_do_moves_it(
    world: World, prometheus: Prometheus
) -> None:
    customer = await world.customer("200")
    await until(prometheus.by_name, "the first scrape")
    before, wanted = await prometheus.by_name(), described()
    await lively(world, customer)
    counters = {name for name, kind in wanted.items() if kind != "gauge"} - NOT_OF_THIS_DAY

    async def missing() -> set[str]:
        now = await prometheus.by_name()
        moved = {name for name, value in now.items() if value > before.get(name, 0)}
        return (wanted.keys() - UNLIMITED - NOT_OF_THIS_DAY - now.keys()) | (counters - moved)

    async def whole() -> bool:
        return not await missing()

    try:
        await until(whole, "every metric to move", 60)
    except AssertionError:
        raise AssertionError(f"not there, or not moved: {sorted(await missing())}") from None
    await until(lambda: prometheus.query("sum(framebus_ready) == 5"), "all to be ready")


async def lively(world: World, customer: Customer) -> None:
    """Something of everything: a success, a failure, a file, a webhook that finds nobody, a wrong key."""
    wrong = {"Authorization": "Bearer fb_wrong"}
    assert (await customer.api.get("/api/v1/credits", headers=wrong)).status_code == 401
    hook = {"url": f"{world.facts['simulator_url']}/nobody"}
    assert (await customer.api.post("/api/v1/webhooks", json=hook)).status_code == 201
    sent = await customer.api.post("/api/v1/uploads", files={"file": ("a.png", PNG, "image/png")})
    assert sent.status_code == 201, sent.text
    assert (await customer.make(seedance()))["status"] == "succeeded"
    assert (await customer.make(seedance("a street [sim:fail]")))["status"] == "failed"


async def test_prometheus_answers_whatever_the_dashboards_ask(prometheus: Prometheus) -> None:
    quiet = UNLIMITED | NOT_OF_THIS_DAY
    asked = {expr for expr in expressions() if not any(name in expr for name in quiet)}

    async def answered() -> bool:
        asked.difference_update({expr for expr in asked if await prometheus.query(expr)})
        return not asked

    try:
        await until(answered, "an answer to each", 60)
    except AssertionError:
        raise AssertionError(f"no answer to {sorted(asked)}") from None


async def test_a_process_that_is_gone_is_told_by_its_name(world: World, prometheus: Prometheus) -> None:
    await asyncio.to_thread(control.kill, "storage", state=world.home.state)
    try:
        await prometheus.fires("FramebusDown", job="storage")
    finally:
        await asyncio.to_thread(control.restart, "storage", world.home.state)
    await prometheus.quiet("FramebusDown")


async def test_a_record_that_nobody_can_read_is_told(world: World, prometheus: Prometheus) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=world.facts["kafka_bootstrap"])
    await producer.start()
    await producer.send_and_wait("account.notice", b"not an event", key=b"nobody")
    await producer.stop()
    try:
        await prometheus.fires("FramebusDeadLetters", service="callbacks", topic="account.notice")
    finally:
        await world.rows("callbacks", "DELETE FROM dead_letters WHERE topic = 'account.notice'")
    await prometheus.quiet("FramebusDeadLetters")


async def test_a_provider_that_fails_and_webhooks_that_arrive_nowhere_are_told(
    world: World, prometheus: Prometheus
) -> None:
    customer = await world.customer("5000")
    hook = {"url": f"{world.facts['simulator_url']}/nobody"}
    assert (await customer.api.post("/api/v1/webhooks", json=hook)).status_code == 201
    failing = asyncio.create_task(keep_failing(customer))
    try:
        await prometheus.fires("FramebusProviderFails", provider="gemini")
        await prometheus.fires("FramebusWebhooksFail")
        await prometheus.fires("FramebusTasksFail")
    finally:
        failing.cancel()
        await asyncio.gather(failing, return_exceptions=True)


async def keep_failing(customer: Customer) -> None:
    while True:
        await customer.make(veo("a car [sim:fail]"))


async def test_a_key_that_a_provider_refuses_is_told(world: World, prometheus: Prometheus) -> None:
    customer = await world.customer("100")
    await world.simulate(luma={"status_code_next": {"status": 401, "times": 1}})
    body = {"model": "luma-ray-2", "input": {"prompt": "a river at dawn"}}
    accepted = await customer.submit(body)
    assert accepted.status_code == 202, accepted.text
    await prometheus.fires("FramebusKeyRefused", provider="luma")
    await customer.api.post(f"/api/v1/tasks/{accepted.json()['task_id']}/cancel")
