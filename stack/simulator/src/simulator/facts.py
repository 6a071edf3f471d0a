"""The providers that are simulated, and the plain facts in which they differ: a line each."""

from dataclasses import dataclass

HOUR, DAY = 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class Facts:
    """A provider's title, its address here, and how long it keeps things (seconds)."""

    title: str
    base: str
    job_seconds: float
    """After this it no longer knows a job."""
    result_seconds: float
    """How long after its making a result can be fetched."""


PROVIDERS: dict[str, Facts] = {
    "dashscope": Facts("DashScope (Wan)", "/dashscope/api/v1", DAY, DAY),  # providers.md 5.2
    "ark": Facts("Volcengine Ark (Seedance)", "/ark/api/v3", 7 * DAY, DAY),  # providers.md 4.2
    "comfyui": Facts("ComfyUI", "/comfyui", 30 * DAY, 30 * DAY),
    "luma": Facts("Luma Dream Machine", "/luma/dream-machine/v1", 30 * DAY, DAY),
    "runway": Facts("Runway", "/runway/v1", 30 * DAY, DAY),
    "gemini": Facts("Gemini API (Veo, Interactions)", "/gemini/v1beta", 2 * DAY, 2 * DAY),  # providers.md 3A
    "fal": Facts("fal (queue)", "/fal", HOUR, HOUR),  # providers.md 6.3
    "replicate": Facts("Replicate (predictions)", "/replicate/v1", 30 * DAY, HOUR),  # providers.md 7.2
    "vertex": Facts("Vertex AI (Veo)", "/vertex/v1", DAY, DAY),
    "openai": Facts("OpenAI (Sora, images, speech, text)", "/openai/v1", 30 * DAY, HOUR),  # providers.md 1.3
}
