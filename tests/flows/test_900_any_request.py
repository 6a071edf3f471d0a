"""Whatever is sent to an operation of the OpenAPI document: no 5xx, and an answer that it describes.

Schemathesis makes the requests, right ones and wrong ones. `FRAMEBUS_FUZZ_EXAMPLES=500` looks longer.
"""

import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from api_document import document
from flow_tools import World, seedance
from hypothesis import HealthCheck, Phase, settings
from possessions import owned
from schemathesis import checks

EXAMPLES = int(os.environ.get("FRAMEBUS_FUZZ_EXAMPLES", "12"))
CONFORMS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
REAL_IDS: dict[str, str] = {}
"""Parameters of paths whose ids are an account's own: half of the requests use these."""
DOOMED_IDS: dict[str, str] = {}
"""The same for what deletes, so that the others find something."""
INPUT = seedance()["input"]
TRIES = 3
"""A machine that stands still for seconds may be asked to come again, as any client is; not for ever."""

schema = schemathesis.openapi.from_dict(document())


@schema.hook
def map_path_parameters(context: Any, parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Reach what is behind an id."""
    real = DOOMED_IDS if context.operation.method.upper() == "DELETE" else REAL_IDS
    return {
        name: real.get(name, value) if len(str(value)) % 2 else value
        for name, value in (parameters or {}).items()
    }


@schema.hook
def map_query(_: Any, query: dict[str, Any] | None) -> dict[str, Any] | None:
    """Don't wait long."""
    return _brief(query)


@schema.hook
def map_body(_: Any, body: Any) -> Any:
    """Don't wait long, and name a real model in half of the submits."""
    if isinstance(body, dict) and isinstance(body.get("model"), str) and len(body["model"]) % 2 == 0:
        body = body | {"model": seedance()["model"]}
        if isinstance(body.get("input"), dict):
            body["input"] = INPUT | body["input"] if len(body["input"]) % 2 else INPUT
    return _brief(body)


def _brief(given: Any) -> Any:
    if isinstance(given, dict) and isinstance(given.get("wait"), int | float) and given["wait"] > 0.1:
        return {**given, "wait": 0}
    return given


@dataclass
class Caller:
    """An account that nobody else uses."""

    base_url: str
    key: str


@pytest.fixture(scope="module")
async def caller(running: None) -> AsyncIterator[Caller]:  # noqa: ARG001 -- the stack it speaks to
    world = World()
    customer = await world.customer("100000", tier="enterprise")
    REAL_IDS.update((await owned(customer)).known | {"model": seedance()["model"]})
    DOOMED_IDS.update((await owned(customer)).known)
    yield Caller(world.facts["gateway_url"], customer.key)
    await world.close()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize="FRAMEBUS_FUZZ_EXAMPLES" not in os.environ,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
def test_any_request_gets_an_answer_that_is_described(case: schemathesis.Case, caller: Caller) -> None:
    headers = {"Authorization": f"Bearer {caller.key}"}
    for _ in range(TRIES):
        answer = case.call(base_url=caller.base_url, headers=headers, timeout=60, allow_redirects=False)
        if answer.status_code != 503 or "retry-after" not in answer.headers:
            break
        time.sleep(1)
    case.validate_response(answer, checks=CONFORMS)
