"""Posting an event to a URL on this machine as a webhook would be: the same body, the same headers."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
from standardwebhooks import Webhook


@dataclass(frozen=True, slots=True)
class Posted:
    """What the handler answered: a status, or the error's name."""

    status: int | None
    error: str | None

    @property
    def taken(self) -> bool:
        """Whether it would count as delivered."""
        return self.status is not None and 200 <= self.status < 300


async def forward(http: httpx.AsyncClient, url: str, event: dict[str, Any], secret: str) -> Posted:
    """Sign and post one event. Never raises for what the handler does."""
    body = orjson.dumps(event["payload"]).decode()
    at, name = datetime.now(UTC), event["event_id"]
    headers = {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, at, body),
    }
    try:
        answer = await http.post(url, content=body, headers=headers)
    except httpx.HTTPError as error:
        return Posted(None, type(error).__name__)
    return Posted(answer.status_code, None)


def local_url(text: str) -> str:
    """`localhost:3000/hook` is `http://localhost:3000/hook`. Raises ValueError for what is no URL."""
    url = text if "://" in text else f"http://{text}"
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"{text!r} is not a URL") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ValueError(f"{text!r} is not an http or https URL")
    return url
