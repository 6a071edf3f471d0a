"""fal's queue: every model its own body, one way to submit, follow, cancel and be called back.

Source: fal.ai/docs (queue, webhooks, errors) and fal-client 1.0.3.
Base URL https://queue.fal.run. `Authorization: Key …`.
A job's address is below the app alone (`fal-ai/flux/requests/ID` for a submit to `fal-ai/flux/dev`), so the
job's id here is that whole path. Failed and cancelled jobs are COMPLETED: the second question, for the
result, tells. Webhooks name the bare request id and are signed with Ed25519; results are kept for an hour.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

from providers import reading, results
from providers.basics import Basics
from providers.capabilities import Capabilities
from providers.errors import WebhookError
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Accepted,
    AskNext,
    CancelAccepted,
    Cancelled,
    CancelOutcome,
    CancelRefused,
    Failed,
    Moderated,
    PollAnswer,
    PollOutcome,
    Progress,
    SubmitOutcome,
    Succeeded,
    Unknown,
    Usage,
)
from providers.protocols import fal_errors, fal_webhook
from providers.template import filled
from providers.webhook import Proof, WebhookHint

RESULT = "result"
FAILED = "failed:"
NAMESPACES = ("workflows", "comfy")
_JOB = re.compile(r"((?:(?:workflows|comfy)/)?[^/]+/[^/]+/requests/[^/]+)/status$")


class Fal(Basics):
    """The queue protocol of fal."""

    name = "fal"
    capabilities = Capabilities(
        webhooks=True,
        lookup=False,
        idempotent_submit=False,
        cancel=True,
        cancel_deletes_finished=False,
        min_poll_seconds=0.5,
        result_seconds=3600,
        cancel_running=True,
        signed_webhooks=True,
    )

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST the model's own body; the route's template says what that is."""
        url = f"{base_url.rstrip('/')}/{quote(submission.model, safe='/')}"
        if submission.callback_url is not None:
            url += "?" + urlencode({"fal_webhook": submission.callback_url})
        headers = {**_authorization(credential), "Content-Type": "application/json"}
        return HttpRequest("POST", url, headers, orjson.dumps(filled(submission)))

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """2xx with a request id and its address is accepted."""
        if response.status >= 300 or response.status < 200:
            return fal_errors.refusal(response)
        job_id = _job_id(reading.json_object(response.body))
        return Accepted(job_id) if job_id else Unknown(reading.describe(response))

    def job_of(self, model: str, hinted: str) -> str:
        """A webhook's request id below its app, whose subpath the queue drops."""
        parts = model.split("/")
        app = parts[: 3 if parts[0] in NAMESPACES else 2]
        return hinted if "/" in hinted else "/".join([*app, "requests", hinted])

    def poll(self, base_url: str, credential: Credential, job_id: str, step: str = "") -> HttpRequest:
        """GET the status, then, once that is COMPLETED, the result."""
        url = _job_url(base_url, job_id)
        return HttpRequest("GET", url if step else f"{url}/status?logs=false", _authorization(credential))

    def parse_poll(self, response: HttpResponse, step: str = "") -> PollAnswer:
        """Read the status, or the result, which tells whether a COMPLETED job succeeded."""
        if step:
            return _result(response, step)
        if response.status >= 300 or response.status < 200:
            return fal_errors.call_fault(response)
        return _status(response)

    def cancel(self, base_url: str, credential: Credential, job_id: str) -> HttpRequest | None:
        """PUT the cancel; a queued job leaves the queue, a running one is told to stop."""
        return HttpRequest("PUT", f"{_job_url(base_url, job_id)}/cancel", _authorization(credential))

    def parse_cancel(self, response: HttpResponse) -> CancelOutcome:
        """202 is taken; 400 says that the job is completed."""
        if 200 <= response.status < 300:
            return CancelAccepted()
        if response.status == 400:
            return CancelRefused(fal_errors.read(response).message)
        return fal_errors.call_fault(response)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookHint:
        """fal calls once per job, when it is over; `job_of` makes its id one to ask for."""
        value = reading.json_object(body)
        if value is None:
            raise WebhookError("invalid_body", "the webhook is not a JSON object")
        return WebhookHint(job_id=reading.identifier(value.get("request_id")), final=True)

    def prove_webhook(
        self, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now_epoch_seconds: int
    ) -> Proof:
        """Ed25519 by one of fal's published keys: a JWKS document, or an `x` of one."""
        return fal_webhook.prove(headers, body, keys, now_epoch_seconds)


def _authorization(credential: Credential) -> dict[str, str]:
    return {"Authorization": f"Key {credential.secret}"}


def _job_url(base_url: str, job_id: str) -> str:
    return f"{base_url.rstrip('/')}/{quote(job_id, safe='/')}"


def _job_id(body: dict[str, Any] | None) -> str | None:
    """The path of the job's own address; the address's host is not believed, requests go to the base URL."""
    request_id = reading.identifier(reading.member(body, "request_id"))
    address = reading.web_url(reading.member(body, "status_url"))
    if request_id is None or address is None:
        return None
    found = _JOB.search(urlsplit(address).path.lstrip("/"))
    named = found is not None and found[1].rpartition("/")[2] == request_id
    return reading.identifier(found[1]) if found is not None and named else None


def _status(response: HttpResponse) -> PollAnswer:
    body = reading.json_object(response.body)
    match reading.member(body, "status"):
        case "IN_QUEUE":
            return Progress("queued")
        case "IN_PROGRESS":
            return Progress("running")
        case "COMPLETED":
            return AskNext(_fault_step(body))
        case other:
            return Unknown(f"status {reading.message(other, 'missing')}")


def _fault_step(body: dict[str, Any] | None) -> str:
    """The result is asked for in any case: it says more than the status. Its type travels as the step."""
    kind, words = reading.member(body, "error_type"), reading.member(body, "error")
    if not reading.text(kind) and not words:
        return RESULT
    return FAILED + reading.message(kind, "error")[:64]


def _result(response: HttpResponse, step: str) -> PollOutcome:
    kind = step.removeprefix(FAILED) if step.startswith(FAILED) else None
    if kind in fal_errors.CANCELLED:
        return Cancelled()
    if not 200 <= response.status < 300:
        return fal_errors.job_fault(response, kind)
    if kind is not None:
        return Failed(kind, fal_errors.read(response).message)
    try:
        answer = orjson.loads(response.body)
    except ValueError:
        return Unknown(reading.describe(response))
    return _succeeded(answer)


def _succeeded(answer: object) -> PollOutcome:
    flags = reading.member(answer, "has_nsfw_concepts")
    if isinstance(flags, list) and flags and all(flag is True for flag in flags):
        return Moderated("the model's safety checker blanked every result")
    found = results.outputs(answer)
    return Succeeded(found, Usage()) if found else Failed("no_output", "the result holds no file and no text")
