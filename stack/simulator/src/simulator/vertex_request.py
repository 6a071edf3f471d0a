"""Reads a Veo request of Vertex AI (providers.md 3B): the Gemini API's, and more of everything."""

from collections.abc import Mapping
from typing import Any

from simulator.gemini_request import INSTANCE, PARAMETERS, TYPES, VeoRequest, invalid
from simulator.inputs import MediaInput, decode_base64

MAX_SEED = 2**32 - 1


class VertexRequest(VeoRequest):
    """One valid request. Raises ProviderError from the constructor if it isn't."""

    top = ("instances", "parameters", "labels")
    instance_fields = (*INSTANCE, "mask")
    parameter_fields = (
        *PARAMETERS, "storageUri", "fps", "seed", "pubsubTopic", "generateAudio", "compressionQuality",
        "resizeMode",
    )  # fmt: skip
    types: Mapping[str, type] = {
        **TYPES, "storageUri": str, "fps": int, "seed": int, "generateAudio": bool, "compressionQuality": str,
        "resizeMode": str,
    }  # fmt: skip
    most_samples = 4

    def image(self, raw: Any, name: str) -> MediaInput:
        """`{gcsUri | bytesBase64Encoded, mimeType}`."""
        if isinstance(raw, dict) and isinstance(raw.get("gcsUri"), str):
            if not raw["gcsUri"].startswith("gs://"):
                raise invalid(f"`{name}.gcsUri` must be a Cloud Storage URI.")
            return MediaInput("image", raw["gcsUri"])
        return super().image(raw, name)

    def video(self, raw: Any) -> MediaInput:
        """As images are given."""
        if isinstance(raw, dict) and isinstance(raw.get("gcsUri"), str):
            return MediaInput("video", raw["gcsUri"])
        try:
            return MediaInput("video", data=decode_base64(str((raw or {}).get("bytesBase64Encoded"))))
        except (ValueError, AttributeError):
            raise invalid("`video` must be {gcsUri | bytesBase64Encoded, mimeType}.") from None

    def read_params(self) -> dict[str, Any]:
        """With sound as asked, a seed, and where the result goes."""
        given = self.parameters
        seed, storage = given.get("seed"), given.get("storageUri", "")
        if seed is not None and not 0 <= seed <= MAX_SEED:
            raise invalid(f"`seed` must be from 0 to {MAX_SEED}.")
        if storage and not storage.startswith("gs://"):
            raise invalid("`storageUri` must be a Cloud Storage URI.")
        found = super().read_params()
        audible = found["audio"] and given.get("generateAudio", True)
        return {**found, "audio": audible, "seed": seed, "storage": storage}
