"""OpenAI's videos."""

from collections.abc import Sequence

from providers.job import Submission
from scenarios.stage import Stage
from scenarios.subject import Subject

_GIVEN = {"prompt": "a street", "duration": 4, "size": "1280x720"}
_MODEL = "sora-2"


async def register(stage: Stage, receiver_url: str) -> Sequence[str]:
    """Register the receiver, as an operator does once; the secret is told only now."""
    answer = await stage.http.post(
        f"{stage.base}/webhook_endpoints",
        json={"event_types": ["video.completed", "video.failed"], "name": "ours", "url": receiver_url},
        headers={"authorization": f"Bearer {stage.subject.good.secret}"},
    )
    return [answer.json()["signing_secret"]]


SUBJECT = Subject(
    protocol="openai_videos",
    serves="Sora 2, at whoever serves OpenAI's videos API",
    provider="openai",
    base="/openai/v1",
    submission=Submission(_MODEL, _GIVEN, "corr-videos"),
    invalid=Submission(_MODEL, {**_GIVEN, "duration": 5}, "corr-invalid"),
    unknown_id="video_0000000000000000",
    impossible={"cancel": "OpenAI has no cancel; only finished videos can be deleted"},
    webhook_keys=register,
)
