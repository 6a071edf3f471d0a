"""What is somebody else's answers exactly like what never was: every route, by every name that it takes."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
from api_document import operations
from api_samples import address, body_of
from flow_tools import World, got, picture, seedance, wan
from possessions import Possessions, owned, unlike

OWN = {"task_id", "video_id", "uuid", "filename", "id", "key_id", "webhook_id", "listener_id"} | {
    "delivery_id",
    "upload_id",
    "account_id",
    "letter_id",
}
"""Parameters of paths that name what belongs to an account, or only an operator sees."""
NOBODYS = {"slug", "model", "service", "token", "name"}
"""The catalog's names, the services', and links, which are for whoever has them."""
OWN_QUERIES = {"cursor", "after", "ids", "job_id", "endpoint_id", "task_id", "account", "provider_job_id"}
OTHER_QUERIES = {
    *("limit", "offset", "before", "status", "model", "created_after", "created_before", "test", "metadata"),
    *("wait", "group_by", "from", "to", "format", "type", "q", "tier", "expired", "action", "open"),
    *("order", "variant", "token", "frames", "steps", "seconds", "duration", "duration_seconds"),
    *("width", "height", "days"),
}
"""Windows, filters by values that belong to nobody, and the token of a share."""


class Asked(NamedTuple):
    """A request that names something by `known`."""

    method: str
    path: str
    known: str
    params: dict[str, str] | None = None
    body: bytes | None = None


def shape(answer: httpx.Response, known: str) -> tuple[int, Any, set[str]]:
    """An answer without what differs from request to request."""
    document = json.loads(answer.text.replace(known, "ID")) if answer.content else None
    if isinstance(document, dict):
        error = document.get("error")
        inner = error if isinstance(error, dict) else {}
        for each in (document, inner, inner.get("details")):
            if isinstance(each, dict):
                each.pop("request_id", None)
    return answer.status_code, document, set(answer.headers) - {"content-length"}


async def alike(api: httpx.AsyncClient, theirs: Asked, random: Asked) -> int:
    """The status that both are answered with."""
    shapes = []
    for each in (theirs, random):
        headers = {"Content-Type": "application/json"} if each.body else {}
        answer = await api.request(
            each.method, each.path, params=each.params, content=each.body, headers=headers
        )
        shapes.append(shape(answer, each.known))
    assert shapes[0] == shapes[1], theirs
    return shapes[0][0]


def parameters(where: str) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Each operation's parameters of paths, or of queries: method, path, name and operation."""
    for (method, path), described in operations().items():
        for each in described.get("parameters", ()):
            if each.get("in") == where:
                yield method, path, each["name"], described


def test_the_walk_knows_every_parameter_of_every_route() -> None:
    assert {name for _, _, name, _ in parameters("path")} == OWN | NOBODYS
    assert {name for _, _, name, _ in parameters("query")} == OWN_QUERIES | OTHER_QUERIES


async def test_anothers_ids_answer_like_random_ones_on_every_route(world: World) -> None:
    ann, bob = await world.customer("100"), await world.customer("100")
    theirs, compared = await owned(bob), 0
    for method, path, name, described in parameters("path"):
        if name not in OWN:
            continue
        body, values = body_of(method, path, described), theirs.values(name, path)
        asked = [
            Asked(method, address(path, **{"token": theirs.known["token"], name: it}), it, body=body)
            for it in values
        ]
        status = await alike(ann.api, *asked)
        assert 400 <= status < 500, (method, path, status)
        assert (status == 403) == ("/admin/" in path), (method, path)
        compared += 1
    assert compared >= 45
    assert (await bob.task(theirs.known["task_id"]))["deleted_at"] is None


async def test_anothers_ids_and_cursors_in_queries_say_nothing(world: World) -> None:
    ann, bob = await world.customer("100"), await world.customer("100")
    theirs, compared = await owned(bob), set()
    await ann.make(seedance(prompt="mine"))
    for method, path, name, _ in parameters("query"):
        if name in OWN_QUERIES and "/admin/" not in path:
            asked = [Asked(method, path, it, {name: it}) for it in await theirs.queried(bob, path, name)]
            status = await alike(ann.api, *asked)
            assert status in {200, 400, 404, 422}, (path, name)
            compared.add((path, name))
    assert len(compared) >= 10, compared


def inputs(theirs: Possessions) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Bodies that name something of the account's: path, body, and the name."""
    video, image, own = (theirs.files[path] for path in sorted(theirs.files, key=_files_order))
    upload, fox = theirs.known["upload_id"], {"prompt": "a fox", "frames": 41, "steps": 4}
    for name in (own, image, upload, f"upload://{upload}"):
        yield "/api/generate", {**fox, "input_image": name}, name
        flf = {**fox, "model": "wan-flf", "input_image": picture((9, 9, 9)), "end_image": name}
        yield "/api/generate", flf, name
    yield "/api/generate-v2v", {"prompt": "a watercolour", "video_filename": video}, video
    yield "/api/extend-video", {"video_filename": video}, video
    yield "/api/cancel", {"job_id": theirs.known["task_id"]}, theirs.known["task_id"]
    for path in ("/api/v1/tasks", "/api/v1/tasks/estimate"):
        yield path, wan(upload), upload
    reference = {"prompt": "a fox", "model": "seedance-1.5", "mode": "image-to-video", "imageUrls": [upload]}
    yield "/api/v1/video/generate", reference, upload
    sora = {"prompt": "a fox", "model": "doubao-seedance-2-0-fast", "input_reference": {"image_url": upload}}
    yield "/v1/videos", sora, upload


def _files_order(path: str) -> int:
    return ("/api/video/{filename}", "/api/image/{filename}", "/api/input-image/{filename}").index(path)


async def test_anothers_files_uploads_and_tasks_are_no_inputs(world: World) -> None:
    ann, bob = await world.customer("1000"), await world.customer("100")
    theirs = await owned(bob)
    for path, body, name in inputs(theirs):
        text = json.dumps(body)
        asked = [Asked("POST", path, it, body=text.replace(name, it).encode()) for it in (name, unlike(name))]
        assert 400 <= await alike(ann.api, *asked) < 500, (path, body)
    assert got(await ann.api.get("/api/v1/tasks"))["data"] == []


async def test_anothers_idempotency_key_is_free(world: World) -> None:
    ann, bob = await world.customer("100"), await world.customer("100")
    assert (await bob.submit(seedance(), "the-key")).status_code == 202
    mine = await ann.submit(seedance(prompt="mine"), "the-key")
    assert (mine.status_code, mine.headers.get("idempotent-replayed")) == (202, None)
