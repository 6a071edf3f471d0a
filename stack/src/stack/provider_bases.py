"""Where each provider is: at the simulator, or the real one whose key is given. Standard library only."""

from collections.abc import Mapping

SIMULATED = {
    "ark": "/ark/api/v3",
    "comfyui": "/comfyui",
    "dashscope": "/dashscope/api/v1",
    "fal": "/fal",
    "gemini": "/gemini/v1beta",
    "luma": "/luma/dream-machine/v1",
    "replicate": "/replicate/v1",
    "runway": "/runway/v1",
    "openai": "/openai/v1",
    "openai_compatible": "/openai/v1",
    "vertex": "/vertex/v1",
}
# The bases that the providers' own SDKs use, and the variables that move them.
REAL = {
    "ark": ("ARK_API_KEY", "ARK_BASE_URL", "https://ark.cn-beijing.volces.com/api/v3"),
    "dashscope": ("DASHSCOPE_API_KEY", "DASHSCOPE_HTTP_BASE_URL", "https://dashscope.aliyuncs.com/api/v1"),
    "gemini": ("GEMINI_API_KEY", "GEMINI_BASE_URL", "https://generativelanguage.googleapis.com/v1beta"),
    # an API key; or a service account's key file, with a base that ends in /projects/P/locations/L
    "vertex": ("VERTEX_CREDENTIALS", "VERTEX_BASE_URL", "https://aiplatform.googleapis.com/v1"),
    "luma": ("LUMAAI_API_KEY", "LUMAAI_BASE_URL", "https://api.lumalabs.ai/dream-machine/v1"),
}
ANSWERS_WHEN_DONE = frozenset({"openai"})
"""Images, speech and subtitles come in the answer to the submit: the routes' time."""
# A real provider deserves the services' own, longer patience: an answer that is late there may still come.
IMPATIENT = {"UNCERTAIN_AFTER_SECONDS": "20", "ABSENT_AFTER_SECONDS": "8"}
SIMULATED_TIMEOUT_SECONDS = 6  # below ABSENT_AFTER_SECONDS
Provider = dict[str, object]


def simulated(base: str, asked_every: Mapping[str, float]) -> dict[str, Provider]:
    """Every provider, at a simulator, asked about a job each second or every so many seconds."""
    return {name: _simulated(name, base + path, asked_every) for name, path in SIMULATED.items()}


def real(given: Mapping[str, str]) -> dict[str, Provider]:
    """The providers whose keys are given."""
    return {
        name: {
            "base_url": given.get(url) or default,
            "credentials": [{"id": "default", "secret": given[key]}],
            "simulated": False,
        }
        for name, (key, url, default) in REAL.items()
        if given.get(key)
    }


def _simulated(name: str, base_url: str, asked_every: Mapping[str, float]) -> Provider:
    patience = {} if name in ANSWERS_WHEN_DONE else {"timeout_seconds": SIMULATED_TIMEOUT_SECONDS}
    return {
        "base_url": base_url,
        "credentials": [{"id": "sim", "secret": "sim-key"}],
        "simulated": True,
        "poll_seconds": asked_every.get(
            name, 1.0
        ),  # the routes' schedules are for the real ones, which take minutes
        **patience,
    }
