"""What each Runway model takes and costs (docs.dev.runwayml.com: models, pricing; runwayml 5.24.0)."""

from dataclasses import dataclass, field
from typing import Final

WIDE: Final = ("1280:720", "720:1280")
GEN4: Final = (*WIDE, "1104:832", "960:960", "832:1104", "1584:672")
VEO: Final = (*WIDE, "1080:1920", "1920:1080")
IMAGE: Final = (
    "1024:1024", "1080:1080", "1168:880", "1360:768", "1440:1080", "1080:1440", "1808:768", "1920:1080",
    "1080:1920", "2112:912", "1280:720", "720:1280", "720:720", "960:720", "720:960", "1680:720",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    """One model at one endpoint. Fields are by their names on the wire; credits are cents."""

    ratios: tuple[str, ...]
    credits: int
    """Per second of video, or per picture."""
    durations: tuple[int, ...] = ()
    duration: int | None = None
    """When the request doesn't say; None: it must."""
    required: tuple[str, ...] = ("promptText", "ratio")
    optional: tuple[str, ...] = ("seed", "contentModeration")
    last_frame: bool = False
    silent_credits: int | None = None
    """Per second without sound; None: it makes none."""
    references: tuple[int, int] = field(default=(0, 0))


_GEN45 = range(2, 11)
_VEO_FIELDS = ("duration", "seed", "audio", "negativePrompt")

ENDPOINTS: Final[dict[str, dict[str, Model]]] = {
    "text_to_video": {
        "gen4.5": Model(WIDE, 12, tuple(_GEN45), required=("promptText", "ratio", "duration")),
        "veo3.1": Model(VEO, 40, (4, 6, 8), 8, optional=_VEO_FIELDS, silent_credits=20),
        "veo3.1_fast": Model(VEO, 15, (4, 6, 8), 8, optional=_VEO_FIELDS, silent_credits=10),
    },
    "image_to_video": {
        "gen4.5": Model(
            GEN4, 12, tuple(_GEN45), required=("promptImage", "promptText", "ratio", "duration")
        ),
        "gen4_turbo": Model(
            GEN4, 5, tuple(range(2, 11)), 10, required=("promptImage", "ratio"),
            optional=("promptText", "duration", "seed", "contentModeration"),
        ),
        "veo3.1": Model(
            VEO, 40, (4, 6, 8), 8, required=("promptImage", "ratio"),
            optional=("promptText", *_VEO_FIELDS), last_frame=True, silent_credits=20,
        ),
        "veo3.1_fast": Model(
            VEO, 15, (4, 6, 8), 8, required=("promptImage", "ratio"),
            optional=("promptText", *_VEO_FIELDS), last_frame=True, silent_credits=10,
        ),
    },
    "text_to_image": {
        "gen4_image": Model(
            IMAGE, 8, optional=("seed", "contentModeration", "referenceImages"), references=(0, 3)
        ),
        "gen4_image_turbo": Model(
            IMAGE, 2, required=("promptText", "ratio", "referenceImages"), references=(1, 3)
        ),
    },
}  # fmt: skip
