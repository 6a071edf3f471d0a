"""Vertex AI below `/vertex`: Veo by `predictLongRunning` (providers.md 3B), and OAuth's token endpoint."""

import base64
import binascii
import secrets
import time
from typing import Any
from urllib.parse import parse_qs

import orjson
from simulator.files import FileStore
from simulator.gemini_request import MODEL, invalid
from simulator.google import FAILURES, GoogleVideo
from simulator.intake import Intake
from simulator.jobs import Job
from simulator.vertex_request import VertexRequest
from simulator.web import ProviderError, bearer, json_object, reply
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_RESPONSE = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_GOOGLES_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 -- an address
_TOKEN_SECONDS = 3599
_EXPRESS = "projects/express/locations/global"
"""Where a job lives that was submitted with an API key and without a project."""


class Vertex(GoogleVideo):
    """The Vertex dialect."""

    name = "vertex"

    def __init__(self, intake: Intake, files: FileStore) -> None:
        self._intake, self._files = intake, files

    def routes(self) -> list[Route]:
        """All paths below `/vertex`; `/v1` and `/v1beta1` are the same."""
        wrap, poll = self._intake.endpoint, self._intake.polling
        model = "publishers/google/models/{model}"
        home = "/vertex/{version:str}/projects/{project}/locations/{location}"
        return [
            Route(f"{home}/{model}:fetchPredictOperation", poll(self, self._get), methods=["POST"]),
            Route(f"{home}/{model}:predictLongRunning", wrap(self, self._create), methods=["POST"]),
            Route(
                f"/vertex/{{version:str}}/{model}:predictLongRunning",
                wrap(self, self._create),
                methods=["POST"],
            ),
            Route("/vertex/token", _token, methods=["POST"]),
        ]

    async def _create(self, request: Request) -> Response:
        _authenticate(request)
        body = await json_object(request)
        return await self._intake.submit(request, self, lambda: self._job(request, body), _operation_name)

    def _job(self, request: Request, body: dict[str, Any] | None) -> Job:
        model, path = request.path_params["model"], request.path_params
        project = path.get("project")
        home = f"projects/{project}/locations/{path['location']}" if project else _EXPRESS
        if MODEL.fullmatch(model) is None:
            text = f"Publisher Model `{home}/publishers/google/models/{model}` was not found."
            raise ProviderError(404, "NOT_FOUND", text)
        if body is None:
            raise invalid("Invalid JSON payload received.")
        wanted = VertexRequest(model, body)
        job_id = self._intake.new_id(self.name, "", 12)
        look = f"{wanted.prompt}|{wanted.params['seed'] or job_id}"
        return Job(
            self.name, job_id, model, wanted.prompt, time.time(), self._intake.base_url(request),
            {**wanted.params, "home": home}, look, inputs=wanted.inputs,
        )  # fmt: skip

    async def _get(self, request: Request) -> Response:
        """The operation that the body names, by its full name."""
        _authenticate(request)
        body = await json_object(request)
        name = (body or {}).get("operationName")
        if not isinstance(name, str) or "/operations/" not in name:
            raise invalid("`operationName` must be the full name of an operation.")
        job = self._intake.store.get(self.name, name.rpartition("/")[2])
        if job is None or _name(job) != name or request.path_params["model"] != job.model:
            raise ProviderError(404, "NOT_FOUND", f"The operation {name} was not found.")
        return reply(self._operation(job))

    def _operation(self, job: Job) -> dict[str, Any]:
        operation: dict[str, Any] = {"name": _name(job)}
        if not job.final:
            return operation
        operation["done"] = True
        if job.state == "succeeded":
            videos = [self._video(job, number) for number in range(len(job.files))]
            operation["response"] = {"@type": _RESPONSE, "raiMediaFilteredCount": 0, "videos": videos}
            return operation
        code, message = job.error or FAILURES["fail"]
        if code:
            operation["error"] = {"code": int(code), "message": message}
            return operation
        filtered = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [message]}
        operation["response"] = {"@type": _RESPONSE, **filtered}
        return operation

    def _video(self, job: Job, number: int) -> dict[str, str]:
        """The bytes, or the object in the bucket that was asked for (nobody serves that one here)."""
        if job.params["storage"]:
            uri = f"{job.params['storage'].rstrip('/')}/{job.id}/sample_{number}.mp4"
            return {"gcsUri": uri, "mimeType": "video/mp4"}
        data = self._files.read(job.files[number], self.name) or b""
        return {"bytesBase64Encoded": base64.b64encode(data).decode(), "mimeType": "video/mp4"}


def _authenticate(request: Request) -> None:
    """A token, or an API key in its header; everything wrong is 401."""
    key = bearer(request) or request.headers.get("x-goog-api-key")
    if key and key != "bad-key":
        return
    text = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
        "other valid authentication credential."
    )
    raise ProviderError(401, "UNAUTHENTICATED", text)


async def _token(request: Request) -> Response:
    """An access token for a well-formed assertion; the signature can't be checked without the account."""
    form = parse_qs((await request.body()).decode("latin-1"))
    if form.get("grant_type") != [_GRANT]:
        return _no_token("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
    try:
        head, claims, signature = _opened(form.get("assertion", [""])[0])
    except ValueError:
        return _no_token("invalid_grant", "Bad Request: the assertion is not a JWT.")
    here = str(request.url.replace(query=""))
    if head.get("alg") != "RS256" or len(signature) < 256 or "bad-key" in str(head.get("kid")):
        return _no_token("invalid_grant", "Invalid JWT Signature.")
    if claims.get("aud") not in (here, _GOOGLES_TOKEN_URI):
        return _no_token("invalid_grant", "Invalid JWT: Failed audience check.")
    if not claims.get("iss") or not claims.get("scope"):
        return _no_token("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    if not time.time() - 60 < _number(claims, "exp") <= _number(claims, "iat") + 3660:
        return _no_token("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes).")
    token = f"ya29.{secrets.token_urlsafe(24)}"
    return reply({"access_token": token, "expires_in": _TOKEN_SECONDS, "token_type": "Bearer"})


def _opened(assertion: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    head, claims, signature = (_unpadded(part) for part in assertion.split("."))
    opened = orjson.loads(head), orjson.loads(claims)
    if not all(isinstance(each, dict) for each in opened):
        raise ValueError("not objects")
    return *opened, signature


def _unpadded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _no_token(error: str, description: str) -> Response:
    return reply({"error": error, "error_description": description}, 400)


def _name(job: Job) -> str:
    return f"{job.params['home']}/publishers/google/models/{job.model}/operations/{job.id}"


def _operation_name(job: Job) -> Response:
    return reply({"name": _name(job)})
