"""ComfyUI, one's own servers: a model is a workflow, the route's template is its graph in API format.

Source: Comfy-Org/ComfyUI server.py, execution.py (v0.3.64 and newer). Base URL http://host:8188.
There is no sign-in; a secret, if there is one, goes as a bearer token to the proxy in front. We choose the
prompt's id, so a lost submit is found again; a repeat would run twice. A job is in the queue or in the
history, and moves in one step: asked for in this order, one that is in neither was lost (a restart, a cleared
queue).
Running jobs aren't interrupted: servers that don't read the id in that call stop whatever runs.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit
from uuid import NAMESPACE_URL, uuid5

import orjson

from providers import reading
from providers.basics import Basics, bearer_on_own_origin
from providers.capabilities import Capabilities
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Absent,
    Accepted,
    AskNext,
    CancelAccepted,
    CancelOutcome,
    Found,
    Gone,
    LookupOutcome,
    NextPage,
    PollAnswer,
    PollOutcome,
    Prepared,
    PrepareOutcome,
    Progress,
    SubmitOutcome,
    Unknown,
)
from providers.protocols import comfyui_errors, comfyui_files, comfyui_history
from providers.template import fill

HISTORY: Final = "history"
"""The second step of a poll."""
LOOKED_THROUGH: Final = 64
"""Finished jobs that a lookup sees, newest first; each carries its whole graph."""


class ComfyUI(Basics):
    """The ComfyUI protocol, by HTTP alone."""

    name = "comfyui"
    capabilities = Capabilities(
        webhooks=False,
        lookup=True,
        idempotent_submit=False,
        cancel=True,
        cancel_deletes_finished=False,
        min_poll_seconds=1.0,
        result_seconds=24 * 3600,
        poll_many=100,
    )

    def inputs_to_fetch(self, submission: Submission) -> tuple[str, ...]:
        """The web addresses in those fields of the template that end in `_url` or `_urls`."""
        return comfyui_files.addresses(submission)

    def prepare(
        self, base_url: str, credential: Credential, submission: Submission
    ) -> tuple[HttpRequest, ...]:
        """Upload each input file under the hash of its bytes: a repeat overwrites the same with the same."""
        url = f"{base_url.rstrip('/')}/upload/image"
        forms = (comfyui_files.form(each) for each in comfyui_files.inputs(submission).values())
        return tuple(
            HttpRequest("POST", url, {**_bearer(credential), "Content-Type": kind}, body)
            for kind, body in forms
        )

    def parse_prepare(self, response: HttpResponse) -> PrepareOutcome:
        """200 with the name that the file has now."""
        if response.status != 200:
            return comfyui_errors.upload_fault(response)
        name = reading.text(reading.member(reading.json_object(response.body), "name"))
        return Prepared() if name else Unknown(reading.describe(response))

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST the graph, in which files have their uploads' names, under an id made of the correlation."""
        names = {url: file.name for url, file in comfyui_files.inputs(submission).items()}
        body = {
            "prompt": fill(submission.template or {}, comfyui_files.renamed(submission.input, names)),
            "prompt_id": prompt_id(submission.correlation),
            "client_id": submission.correlation,
        }
        return _post(base_url, credential, "/prompt", body)

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """Accepted unless a node was found wrong: then 200 only means that other outputs still run."""
        if response.status != 200:
            return comfyui_errors.refusal(response)
        body = reading.json_object(response.body)
        job_id = reading.identifier(reading.member(body, "prompt_id"))
        if job_id is None:
            return Unknown(reading.describe(response))
        return comfyui_errors.dropped_outputs(body) or Accepted(job_id)

    def poll(self, base_url: str, credential: Credential, job_id: str, step: str = "") -> HttpRequest:
        """GET the queue, then the job's history. The address says which job: the queue's answer doesn't."""
        if step == HISTORY:
            url = f"{base_url.rstrip('/')}/history/{quote(job_id, safe='')}"
        else:
            url = f"{base_url.rstrip('/')}/queue?{urlencode({'prompt_id': job_id})}"
        return HttpRequest("GET", url, _bearer(credential))

    def parse_poll(self, response: HttpResponse, step: str = "") -> PollAnswer:
        """In the queue: it waits or runs. Else the history tells, and what isn't there either is gone."""
        if response.status != 200:
            return comfyui_errors.call_fault(response)
        body = reading.json_object(response.body)
        if body is None:
            return Unknown(reading.describe(response))
        if step != HISTORY:
            return _in_queue(body, response.url)
        if not body:
            return Gone("neither in ComfyUI's queue nor in its history: lost by a restart, or cleared")
        base, _, job_id = response.url.rpartition("/history/")
        return comfyui_history.state(body.get(unquote(job_id)), base)

    def poll_many(self, base_url: str, credential: Credential, job_ids: Sequence[str]) -> HttpRequest | None:
        """GET the queue, which names every job that isn't finished."""
        return HttpRequest("GET", f"{base_url.rstrip('/')}/queue", _bearer(credential))

    def parse_poll_many(self, response: HttpResponse) -> Mapping[str, PollOutcome]:
        """Those that wait or run; the others are asked for alone."""
        body = reading.json_object(response.body) if response.status == 200 else None
        return {} if body is None else _states(body)

    def cancel(self, base_url: str, credential: Credential, job_id: str) -> HttpRequest | None:
        """Take it out of the queue; does nothing once it runs."""
        return _post(base_url, credential, "/queue", {"delete": [job_id]})

    def parse_cancel(self, response: HttpResponse) -> CancelOutcome:
        """200 without a body, whether it was there or not."""
        return CancelAccepted() if response.status == 200 else comfyui_errors.call_fault(response)

    def lookup(
        self, base_url: str, credential: Credential, model: str, since_epoch_seconds: int, page: int
    ) -> HttpRequest | None:
        """Page 1 is the queue, page 2 the newest of the history."""
        path = "/queue" if page == 1 else f"/history?max_items={LOOKED_THROUGH}"
        return HttpRequest("GET", base_url.rstrip("/") + path, _bearer(credential))

    def parse_lookup(
        self, response: HttpResponse, correlation: str, since_epoch_seconds: int
    ) -> LookupOutcome:
        """Ours has the id that we chose or, where a server chose another, our client id."""
        body = reading.json_object(response.body)
        if response.status != 200 or body is None:
            return Unknown(reading.describe(response))
        queue = "queue_running" in body or "queue_pending" in body
        items = _queued(body) if queue else map(comfyui_history.item, body.values())
        for item in items:
            if item is not None and _is_ours(item, correlation):
                return Found(item[1])
        if queue:
            return NextPage()
        whole = len(body) < LOOKED_THROUGH or comfyui_history.reaches_back(body, since_epoch_seconds)
        return Absent() if whole else Unknown("the history is longer than a lookup goes through")

    def fetch(self, base_url: str, credential: Credential, output_url: str) -> HttpRequest:
        """GET the file; a secret goes to the server's own origin only."""
        if not credential.secret:
            return HttpRequest("GET", output_url, {})
        return bearer_on_own_origin(base_url, credential, output_url)


def prompt_id(correlation: str) -> str:
    """The id that we give a job: a lower-case UUID, which newer servers insist on."""
    return str(uuid5(NAMESPACE_URL, f"framebus:{correlation}"))


def _bearer(credential: Credential) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential.secret}"} if credential.secret else {}


def _post(base_url: str, credential: Credential, path: str, body: Mapping[str, Any]) -> HttpRequest:
    headers = {**_bearer(credential), "Content-Type": "application/json"}
    return HttpRequest("POST", base_url.rstrip("/") + path, headers, orjson.dumps(body))


def _in_queue(body: dict[str, Any], asked: str) -> PollAnswer:
    if not isinstance(body.get("queue_running"), list) or not isinstance(body.get("queue_pending"), list):
        return Unknown("the answer is no queue")
    wanted = parse_qs(urlsplit(asked).query).get("prompt_id") if asked else None
    if not wanted:
        return Unknown("the answer doesn't say which job was asked for")
    return _states(body).get(wanted[0]) or AskNext(HISTORY)


def _states(body: dict[str, Any]) -> dict[str, PollOutcome]:
    waiting: dict[str, PollOutcome] = {item[1]: Progress("queued") for item in _queued(body, "queue_pending")}
    return waiting | {item[1]: Progress("running") for item in _queued(body, "queue_running")}


def _queued(body: dict[str, Any], *lists: str) -> Iterable[list[Any]]:
    """The items [number, prompt_id, graph, extra_data, outputs] that are well-formed enough."""
    for name in lists or ("queue_running", "queue_pending"):
        items = body.get(name)
        for item in items if isinstance(items, list) else ():
            if comfyui_history.is_item(item):
                yield item


def _is_ours(item: list[Any], correlation: str) -> bool:
    client = reading.member(item[3], "client_id") if len(item) > 3 else None
    return item[1] == prompt_id(correlation) or client == correlation
