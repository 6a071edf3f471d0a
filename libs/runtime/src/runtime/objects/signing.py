"""AWS Signature Version 4 for one kind of request: PUT of a small object. Pure.

aiobotocore spends several milliseconds of CPU on a put, ten times what the put itself takes, and nearly every
result is one put. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, and for where."""

    access_key: str
    secret_key: str
    region: str

    def put(self, url: str, content_type: str, content_sha256: str, at: datetime) -> Mapping[str, str]:
        """Return the headers of a PUT; the store refuses a body with another SHA-256 (hex). ``at`` is UTC.

        The URL's path must be encoded as ``object_url`` does.
        """
        target = urlsplit(url)
        stamp = at.strftime("%Y%m%dT%H%M%SZ")
        signed = {
            "content-type": content_type,
            "host": target.netloc,
            "x-amz-content-sha256": content_sha256,
            "x-amz-date": stamp,
        }
        names = ";".join(signed)
        lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
        request = f"PUT\n{target.path}\n\n{lines}\n{names}\n{content_sha256}"
        scope = f"{stamp[:8]}/{self.region}/s3/aws4_request"
        text = f"{_ALGORITHM}\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        key = _key(self.secret_key, stamp[:8], self.region)
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        credential = f"{self.access_key}/{scope}"
        authorization = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
        return {**signed, "authorization": authorization}


def object_url(endpoint: str, bucket: str, key: str) -> str:
    """Return an object's path-style address."""
    return f"{endpoint.rstrip('/')}/{quote(bucket, safe='')}/{quote(key, safe='/-_.~')}"


@lru_cache(maxsize=4)
def _key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
