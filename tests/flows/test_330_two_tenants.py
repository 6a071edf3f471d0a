"""What is somebody else's answers exactly like what never was: every route that names a thing by its id."""

import json
from typing import Any

import httpx
from api_document import operations
from api_samples import IDS, address, body_of
from flow_tools import seedance
from possessions import owned

OWN = {"task_id", "video_id", "key_id", "webhook_id", "listener_id", "delivery_id", "upload_id"}
"""Parameters of paths that name what belongs to an account. A link's token is for whoever has it."""


def shape(answer: httpx.Response, known: str) -> tuple[int, Any, set[str]]:
    """An answer without what differs from request to request."""
    document = json.loads(answer.text.replace(known, "ID")) if answer.content else None
    if isinstance(document, dict):
        error = document.get("error")
        (error if isinstance(error, dict) else document).pop("request_id", None)
    return answer.status_code, document, set(answer.headers) - {"content-length"}


async def test_anothers_ids_answer_like_random_ones_on_every_route(world) -> None:
    ann, bob = await world.customer("100"), await world.customer("100")
    theirs, compared = await owned(bob), []
    for (method, path), described in operations().items():
        named = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        if "/admin/" in path or len(named) != 1 or named[0] not in OWN:
            continue
        name, body = named[0], body_of(method, path, described)
        headers = {"Content-Type": "application/json"} if body else {}
        shapes = []
        for each in (theirs[name], IDS[name]):
            where = address(path, **{name: each})
            answer = await ann.api.request(method, where, content=body, headers=headers)
            shapes.append(shape(answer, each))
        assert shapes[0] == shapes[1], (method, path)
        assert 400 <= shapes[0][0] < 500, (method, path, shapes[0])
        compared.append((method, path))
    assert len(compared) >= 24
    assert (await bob.task(theirs["task_id"]))["deleted_at"] is None


async def test_anothers_filters_cursors_and_idempotency_keys_say_nothing(world) -> None:
    ann, bob = await world.customer("100"), await world.customer("100")
    theirs = await owned(bob)
    assert (await bob.submit(seedance(), "the-key")).status_code == 202
    page = (await bob.api.get("/api/v1/tasks", params={"limit": 1})).json()
    for query, random in (
        ({"ids": theirs["task_id"]}, {"ids": IDS["task_id"]}),
        ({"cursor": page["next_cursor"]}, {"cursor": "A" * len(page["next_cursor"])}),
    ):
        answers = [await ann.api.get("/api/v1/tasks", params=each) for each in (query, random)]
        shapes = [shape(a, next(iter(q.values()))) for a, q in zip(answers, (query, random), strict=True)]
        assert shapes[0] == shapes[1]
    for name in ("endpoint_id", "task_id"):
        known = theirs["webhook_id" if name == "endpoint_id" else name]
        found = await ann.api.get("/api/v1/webhooks/deliveries", params={name: known})
        assert found.json()["data"] == []
    mine = await ann.submit(seedance(prompt="mine"), "the-key")
    assert (mine.status_code, mine.headers.get("idempotent-replayed")) == (202, None)
