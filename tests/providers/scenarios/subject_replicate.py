"""Replicate."""

from collections.abc import Sequence

from providers.job import Submission
from scenarios.stage import Stage
from scenarios.subject import Subject

_GIVEN = {"prompt": "a street", "resolution": "480p"}
_TEMPLATE = {"prompt": "{prompt}", "num_frames": "{num_frames}", "resolution": "{resolution}"}
_MODEL = "wan-video/wan-2.2-t2v-fast"


async def _keys(stage: Stage, receiver_url: str) -> Sequence[str]:
    del receiver_url
    headers = {"authorization": f"Bearer {stage.subject.good.secret}"}
    answer = await stage.http.get(f"{stage.base}/webhooks/default/secret", headers=headers)
    return [answer.json()["key"]]


SUBJECT = Subject(
    protocol="replicate",
    serves="any model on Replicate (predictions)",
    provider="replicate",
    base="/replicate/v1",
    submission=Submission(_MODEL, {**_GIVEN, "num_frames": 81}, "corr-replicate", template=_TEMPLATE),
    invalid=Submission(_MODEL, {**_GIVEN, "num_frames": 2}, "corr-invalid", template=_TEMPLATE),
    unknown_id="unknownunknownunknownunkno",
    webhook_keys=_keys,
)
