"""fal's queue."""

from collections.abc import Sequence

from providers.job import Submission
from scenarios.stage import Stage
from scenarios.subject import Subject

_GIVEN = {"prompt": "a street", "duration": 2, "resolution": "480p"}
_TEMPLATE = {"prompt": "{prompt}", "num_frames": "{num_frames}", "resolution": "{resolution}"}
_MODEL = "fal-ai/wan/v2.2-a14b/text-to-video"


async def _keys(stage: Stage, receiver_url: str) -> Sequence[str]:
    del receiver_url
    return [(await stage.http.get(f"{stage.base}/.well-known/jwks.json")).text]


SUBJECT = Subject(
    protocol="fal",
    serves="any model on fal (queue)",
    provider="fal",
    base="/fal",
    submission=Submission(_MODEL, {**_GIVEN, "num_frames": 33}, "corr-fal", template=_TEMPLATE),
    invalid=Submission(_MODEL, {**_GIVEN, "num_frames": 2}, "corr-invalid", template=_TEMPLATE),
    unknown_id="fal-ai/wan/requests/00000000-0000-4000-8000-000000000000",
    webhook_keys=_keys,
)
