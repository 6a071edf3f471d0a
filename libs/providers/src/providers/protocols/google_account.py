"""Signing in to Google Cloud as a service account: an RS256 assertion for a token that lives an hour.

Source: developers.google.com/identity/protocols/oauth2/service-account and google-auth 2.62.
"""

from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from providers import reading
from providers.errors import ProviderError
from providers.http import HttpRequest, HttpResponse
from providers.outcomes import BadCredentials, SignedIn, SignInOutcome, Throttled, Unknown

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
LIFE_SECONDS = 3600
BEARER = "Bearer "
"""What a secret begins with once it is a token; an API key doesn't."""


def is_account(secret: str) -> bool:
    """Whether a secret is a service account's key file."""
    return secret.lstrip().startswith("{")


def sign_in(secret: str, now_epoch_seconds: int) -> HttpRequest:
    """POST the assertion to the account's `token_uri`. Raises ProviderError (`bad_credential`)."""
    account = reading.json_object(secret.encode()) or {}
    address = reading.web_url(account.get("token_uri"))
    if address is None or not reading.text(account.get("client_email")):
        raise ProviderError("bad_credential", "the service account's key has no token_uri or client_email")
    form = {"grant_type": GRANT, "assertion": _assertion(account, address, now_epoch_seconds)}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return HttpRequest("POST", address, headers, urlencode(form).encode())


def parse_sign_in(response: HttpResponse) -> SignInOutcome:
    """The token, as a header's value; a 4xx means that the account or its key is not accepted."""
    body = reading.json_object(response.body)
    token = reading.text(reading.member(body, "access_token"))
    if response.status == 200 and token:
        seconds = reading.whole(reading.member(body, "expires_in"))
        return SignedIn(BEARER + token, LIFE_SECONDS if seconds is None else seconds)
    if response.status == 429:
        return Throttled(reading.retry_after(response.headers))
    said = reading.message(reading.member(body, "error_description"), reading.describe(response))
    return BadCredentials(said) if response.status in {400, 401, 403} else Unknown(said)


def authorization(secret: str) -> dict[str, str]:
    """The header for a token or for an API key."""
    return {"Authorization": secret} if secret.startswith(BEARER) else {"x-goog-api-key": secret}


def _assertion(account: dict[str, Any], audience: str, now: int) -> str:
    head = {"alg": "RS256", "typ": "JWT", "kid": account.get("private_key_id")}
    claims = {
        "iss": account["client_email"],
        "scope": SCOPE,
        "aud": audience,
        "iat": now,
        "exp": now + LIFE_SECONDS,
    }
    signed = b".".join(urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=") for part in (head, claims))
    signature = _key(account).sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return b".".join((signed, urlsafe_b64encode(signature).rstrip(b"="))).decode()


def _key(account: dict[str, Any]) -> rsa.RSAPrivateKey:
    written = str(account.get("private_key", "")).encode("utf-8", "surrogatepass")
    try:
        key = serialization.load_pem_private_key(written, password=None)
    except (ValueError, TypeError) as error:
        raise ProviderError("bad_credential", "the service account's private_key can't be read") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ProviderError("bad_credential", "the service account's private_key is no RSA key")
    return key
