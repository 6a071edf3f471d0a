"""At least one of everything that an account can own and the API names."""

from base64 import b64decode
from dataclasses import dataclass
from uuid import UUID

from contracts.ids import to_text
from flow_tools import Customer, got, picture, seedance

_INSIDE = 28
"""A place within the random part of every id, whatever its prefix."""
_OF_QUERIES = {
    "ids": "task_id",
    "job_id": "task_id",
    "after": "task_id",
    "task_id": "task_id",
    "endpoint_id": "webhook_id",
}


def unlike(value: str) -> str:
    """A value of the same shape that nothing has."""
    if value.isdigit():
        return "999999999"
    at = min(_INSIDE, len(value) - 1)
    return value[:at] + ("0" if value[at] != "0" else "1") + value[at + 1 :]


@dataclass
class Possessions:
    """Values of the OpenAPI document's parameters; `files` by the routes that send them."""

    known: dict[str, str]
    files: dict[str, str]

    def values(self, name: str, path: str) -> tuple[str, str]:
        """What the account has, and what nobody has, for a parameter of a path."""
        value = self.files[path] if name == "filename" else self.known[name]
        return value, unlike(value)

    async def queried(self, owner: Customer, path: str, name: str) -> tuple[str, str]:
        """The same for a parameter of a query; a cursor is taken from the owner's own list."""
        if name == "cursor":
            page = got(await owner.api.get(path, params={"limit": 1}))
            value = page["next_cursor"] if "next_cursor" in page else page["data"]["nextCursor"]
            assert value is not None, f"{path} has but one page"
        else:
            value = self.known[_OF_QUERIES[name]]
        return value, unlike(value)


async def owned(customer: Customer) -> Possessions:
    """Two videos, an image, two uploads, a key, webhooks with two deliveries."""
    await customer.make(seedance("another"))
    finished = await customer.make(seedance())
    task, link = finished["task_id"], finished["output"]["videos"][0]["url"].split("/")
    asked = got(await customer.api.post("/api/generate-image", json={"prompt": "a fox", "model": "flux"}))
    image = await customer.finished(asked["job_ids"][0])
    made = {"task_id": task, "video_id": task, "uuid": task, "token": link[-2], "id": "1", "letter_id": "1"}
    made["account_id"] = to_text("acct_", UUID(customer.id))
    for name, path, body in (
        ("key_id", "keys", {"name": "to be changed"}),
        ("listener_id", "webhooks/listeners", {}),
        ("webhook_id", "webhooks", {"url": "https://hooks.example.com/video"}),
    ):
        made[name] = got(await customer.api.post(f"/api/v1/{path}", json=body), 201)["id"]
    for _ in range(2):
        sent = got(await customer.api.post(f"/api/v1/webhooks/{made['webhook_id']}/test"), 202)
    content = b64decode(picture((9, 9, 9)).partition(",")[2])
    form = {"image": ("a.png", content, "image/png")}
    own = got(await customer.api.post("/api/upload-image", files=form))["filename"]
    files = {
        "/api/video/{filename}": link[-1],
        "/api/image/{filename}": image["output"]["images"][0]["url"].split("/")[-1],
        "/api/input-image/{filename}": own,
    }
    known = {**made, "delivery_id": sent["id"], "upload_id": await brought(customer)}
    return Possessions(known, files)


async def brought(customer: Customer) -> str:
    """The id of an upload."""
    content = b64decode(picture((9, 9, 9)).partition(",")[2])
    answer = await customer.api.post("/api/v1/uploads", files={"file": ("a.png", content, "image/png")})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
