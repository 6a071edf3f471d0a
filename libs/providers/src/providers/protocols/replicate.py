"""Replicate: predictions of any model, by its version or, for official models, by its name.

Source: replicate.com/docs (HTTP API, webhooks, lifecycle) and replicate 1.0.7.
Base URL https://api.replicate.com/v1.
A model is `owner/name` (official), `owner/name:version` or `deployments/owner/name`. `Prefer: wait` is never
sent: a job is followed, not waited for. Input, output and files are removed an hour after the end; what is
left of a prediction then says `data_removed`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from providers import reading, results, standard_webhooks
from providers.basics import Basics, bearer_on_own_origin
from providers.capabilities import Capabilities
from providers.errors import WebhookError
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Accepted,
    CancelAccepted,
    Cancelled,
    CancelOutcome,
    CancelRefused,
    Failed,
    Gone,
    PollOutcome,
    Progress,
    SubmitOutcome,
    Succeeded,
    Unknown,
    Usage,
)
from providers.protocols import replicate_errors
from providers.template import filled
from providers.webhook import Proof, WebhookHint

UNFINISHED = ("starting", "processing")
_PERCENT = re.compile(r"^\s*(\d{1,3})%\s*\|", re.MULTILINE)


class Replicate(Basics):
    """The Replicate protocol."""

    name = "replicate"
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
        """POST the prediction; the route's template says what the model's `input` is."""
        path, named = _target(submission.model)
        body: dict[str, Any] = {**named, "input": filled(submission)}
        if submission.callback_url is not None:
            body |= {"webhook": submission.callback_url, "webhook_events_filter": ["completed"]}
        headers = {**_authorization(credential), "Content-Type": "application/json"}
        return HttpRequest("POST", base_url.rstrip("/") + path, headers, orjson.dumps(body))

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """2xx with an id is accepted, whatever its status: the poll says the rest."""
        if response.status >= 300 or response.status < 200:
            return replicate_errors.refusal(response)
        job_id = reading.identifier(reading.member(reading.json_object(response.body), "id"))
        return Accepted(job_id) if job_id else Unknown(reading.describe(response))

    def poll(self, base_url: str, credential: Credential, job_id: str, step: str = "") -> HttpRequest:
        """GET the prediction."""
        return HttpRequest("GET", _prediction_url(base_url, job_id), _authorization(credential))

    def parse_poll(self, response: HttpResponse, step: str = "") -> PollOutcome:
        """Read a prediction, or why there is none."""
        if response.status >= 300 or response.status < 200:
            return replicate_errors.call_fault(response)
        body = reading.json_object(response.body)
        return Unknown(reading.describe(response)) if body is None else _prediction(body)

    def cancel(self, base_url: str, credential: Credential, job_id: str) -> HttpRequest | None:
        """POST the cancel; a running prediction stops too, and what it used is billed."""
        url = f"{_prediction_url(base_url, job_id)}/cancel"
        return HttpRequest("POST", url, _authorization(credential))

    def parse_cancel(self, response: HttpResponse) -> CancelOutcome:
        """A prediction that is over already comes back as it ended."""
        if not 200 <= response.status < 300:
            return replicate_errors.call_fault(response)
        status = reading.member(reading.json_object(response.body), "status")
        over = status in ("succeeded", "failed")
        return CancelRefused(f"the prediction is {status}") if over else CancelAccepted()

    def fetch(self, base_url: str, credential: Credential, output_url: str) -> HttpRequest:
        """GET a file: those of replicate.delivery need no key, those of the API do."""
        return bearer_on_own_origin(base_url, credential, output_url)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookHint:
        """A webhook carries the prediction; we only ask for the one at its end."""
        value = reading.json_object(body)
        if value is None:
            raise WebhookError("invalid_body", "the webhook is not a JSON object")
        return WebhookHint(reading.identifier(value.get("id")), value.get("status") not in UNFINISHED)

    def prove_webhook(
        self, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now_epoch_seconds: int
    ) -> Proof:
        """Standard Webhooks, with the account's secret (`GET /webhooks/default/secret`)."""
        return standard_webhooks.prove(headers, body, keys, now_epoch_seconds)


def _target(model: str) -> tuple[str, dict[str, str]]:
    """Where a model's predictions are made, and the version that names it there."""
    owner_and_name, _, version = model.partition(":")
    if version:
        return "/predictions", {"version": version}
    if owner_and_name.startswith("deployments/"):
        return f"/{quote(owner_and_name, safe='/')}/predictions", {}
    return f"/models/{quote(owner_and_name, safe='/')}/predictions", {}


def _prediction_url(base_url: str, job_id: str) -> str:
    return f"{base_url.rstrip('/')}/predictions/{quote(job_id, safe='')}"


def _authorization(credential: Credential) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential.secret}"}


def _prediction(body: dict[str, Any]) -> PollOutcome:
    match body.get("status"):
        case "starting" | "queued":
            return Progress("queued")
        case "processing":
            return Progress("running", _percent(body.get("logs")))
        case "succeeded":
            return _succeeded(body)
        case "failed":
            return replicate_errors.job_fault(body.get("error"))
        case "canceled":
            return Cancelled()
        case "aborted":
            return Failed("aborted", "Replicate gave the prediction up before it started")
        case other:
            return Unknown(f"status {reading.message(other, 'missing')}")


def _succeeded(body: dict[str, Any]) -> PollOutcome:
    found = results.outputs(body.get("output"))
    if found:
        spent = reading.seconds(reading.member(body, "metrics", "predict_time"))
        return Succeeded(found, Usage(compute_seconds=spent))
    if body.get("data_removed") is True:
        return Gone("Replicate removed the prediction's output, an hour after its end")
    return Failed("no_output", "the prediction succeeded without a file or text")


def _percent(logs: object) -> int | None:
    """What the last progress bar in the logs says, as `replicate` reads it."""
    found = _PERCENT.findall(reading.text(logs) or "")
    return min(int(found[-1]), 100) if found else None
