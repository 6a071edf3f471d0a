"""One of everything that an account can own and the API names by an id."""

from base64 import b64decode

from flow_tools import Customer, picture, seedance


async def owned(customer: Customer) -> dict[str, str]:
    """Values of the OpenAPI document's path parameters."""
    finished = await customer.make(seedance())
    file = finished["output"]["videos"][0]["url"].split("/")
    made: dict[str, str] = {"task_id": finished["task_id"], "video_id": finished["task_id"]}
    for name, path, body in (
        ("key_id", "keys", {"name": "to be changed"}),
        ("listener_id", "webhooks/listeners", {}),
        ("webhook_id", "webhooks", {"url": "https://hooks.example.com/video"}),
    ):
        made[name] = (await customer.api.post(f"/api/v1/{path}", json=body)).json()["id"]
    sent = await customer.api.post(f"/api/v1/webhooks/{made['webhook_id']}/test")
    slug = seedance()["model"]
    return {
        **made,
        "delivery_id": sent.json()["id"],
        "upload_id": await brought(customer),
        "token": file[-2],
        "name": file[-1],
        "slug": slug,
    }


async def brought(customer: Customer) -> str:
    """The id of an upload."""
    content = b64decode(picture((9, 9, 9)).partition(",")[2])
    answer = await customer.api.post("/api/v1/uploads", files={"file": ("a.png", content, "image/png")})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
