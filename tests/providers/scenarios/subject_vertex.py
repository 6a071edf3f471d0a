"""Vertex AI, Veo, signed in as a service account."""

import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from providers.job import Credential, Submission
from scenarios.subject import Subject

_GIVEN = {"prompt": "a street", "resolution": "720p", "duration": 8, "aspect_ratio": "16:9"}
_MODEL = "veo-3.1-generate-001"
_HOME = "projects/sim-project/locations/us-central1"
_KEY = rsa.generate_private_key(65537, 2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)


def _account(key_id: str) -> Credential:
    """A service account's key file whose tokens the simulator gives out."""
    written = {
        "type": "service_account",
        "project_id": "sim-project",
        "private_key_id": key_id,
        "private_key": _KEY.decode(),
        "client_email": "framebus@sim-project.iam.gserviceaccount.com",
        "token_uri": "SIMULATOR/vertex/token",
    }
    return Credential(key_id, json.dumps(written))


SUBJECT = Subject(
    protocol="vertex",
    serves="Google Veo on Vertex AI",
    provider="vertex",
    base=f"/vertex/v1/{_HOME}",
    submission=Submission(_MODEL, _GIVEN, "corr-vertex"),
    invalid=Submission(_MODEL, {**_GIVEN, "aspect_ratio": "1:1"}, "corr-invalid"),
    unknown_id=f"{_HOME}/publishers/google/models/{_MODEL}/operations/unknown00000",
    good=_account("key-1"),
    bad=_account("bad-key"),
    impossible={
        "cancel": "the API has no cancel for a model's operation",
        "late_webhook": "Vertex AI calls nobody back over HTTP",
        "expired_link": "the answer to the poll carries the bytes",
    },
)
