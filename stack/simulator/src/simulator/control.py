"""`/_control`: the dials, the log and the reset; a developer's tool, so without a key."""

from typing import Any

from simulator.facts import PROVIDERS
from simulator.faults import FAULTS
from simulator.files import FileStore
from simulator.jobs import Job, JobStore
from simulator.knobs import WEBHOOK_MODES, ControlPanel
from simulator.runner import JobRunner
from simulator.web import json_object, reply
from simulator.wiretap import Recorder
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ABOUT: dict[str, Any] = {
    "GET /_control": "this page",
    "GET /_control/settings": "all settings as they stand",
    "DELETE /_control/settings?provider=": "one provider's settings back to what they were at the start",
    "PUT /_control/settings": "merges in {provider: {setting: value}}, or {setting: value} for all",
    "GET /_control/log?provider=&since=": "accepted jobs, oldest first; since: unix time of acceptance",
    "GET /_control/requests?provider=": "requests whole, as they came and when, of providers that `record`",
    "DELETE /_control/requests?provider=": "forgets them",
    "GET /_control/faults": "the shares of faults as ordered, and how often each fault was made",
    "PUT /_control/faults": "{seed, shares: {fault: share}, providers?}: the seed decides which occasions",
    "DELETE /_control/faults": "no shares any more, and nothing that is still due",
    "POST /_control/expire?provider=": "ends the life of every result link that was given out so far",
    "POST /_control/finish?provider=": "ends its jobs' waits: for their end, or for the opposite word",
    "POST /_control/reset": "forgets all jobs, files and changed settings",
    "providers": list(PROVIDERS),
    "settings of a provider": {
        "delay_seconds": "from accepted to finished; 0 finishes right after the answer",
        "accept_delay_seconds": "holds the submit before it is accepted",
        "submit_delay_seconds": "holds the answer after it is accepted",
        "status_code_next": "a status, or {status, times}: answers the next submits, accepts nothing",
        "poll_status_code_next": "the same for reads",
        "retry_after_seconds": "sent as Retry-After with a 429 that was asked for; 0 sends none",
        "webhooks": " | ".join(WEBHOOK_MODES),
        "webhook_delay_seconds": "how late `delay` and webhook_late are",
        "contradict_after_seconds": "from a job's final word to the opposite one",
        "record": "true: keeps every request for /_control/requests",
        "alter": "[{path, method, drop: [names], set: {name: value}, drop_headers, status}]: wrong answers",
    },
    "faults, each with a counter `<fault>_next` among a provider's settings": FAULTS,
    "settings of all": {
        "render": "real | cached",
        "strict_inputs": "true: inputs must be fetchable media",
        "query_qps": "DashScope's limit on task queries; 0 is off",
        "gemini_https_uris": "true: Gemini's file URIs look like Google's",
    },
    "markers in a prompt": {
        "[sim:fail]": "ends as failed",
        "[sim:moderated]": "is refused by moderation, as a result",
        "[sim:queued]": "stays queued for 10 s",
        "[sim:expired]": "ends as expired",
        "[sim:delay=1.5]": "takes 1.5 s in place of delay_seconds",
    },
}


class Control:
    """The developer's view of the simulator."""

    def __init__(
        self,
        panel: ControlPanel,
        store: JobStore,
        runner: JobRunner,
        files: FileStore,
        recorder: Recorder,
    ) -> None:
        self._panel, self._store, self._runner, self._files = panel, store, runner, files
        self._recorder = recorder

    def routes(self) -> list[Route]:
        """All paths below `/_control`."""
        return [
            Route("/_control", self._about, methods=["GET"]),
            Route("/_control/settings", self._settings, methods=["GET", "PUT", "POST"]),
            Route("/_control/settings", self._restore, methods=["DELETE"]),
            Route("/_control/faults", self._faults, methods=["GET", "PUT", "POST", "DELETE"]),
            Route("/_control/requests", self._requests, methods=["GET", "DELETE"]),
            Route("/_control/log", self._log, methods=["GET"]),
            Route("/_control/expire", self._expire, methods=["POST"]),
            Route("/_control/finish", self._finish, methods=["POST"]),
            Route("/_control/reset", self._reset, methods=["POST"]),
        ]

    async def _about(self, request: Request) -> Response:
        del request
        return reply({**ABOUT, "now": self._panel.as_dict()})

    async def _settings(self, request: Request) -> Response:
        if request.method in ("PUT", "POST"):
            wanted = await json_object(request)
            if wanted is None:
                return reply({"error": "the body must be a JSON object"}, 400)
            try:
                self._panel.change(wanted)
            except ValueError as error:
                return reply({"error": str(error)}, 400)
            await self._runner.prepare()
        return reply(self._panel.as_dict())

    async def _restore(self, request: Request) -> Response:
        provider = request.query_params.get("provider")
        if provider not in PROVIDERS:
            return _no_such_provider()
        self._panel.restore(provider)
        return reply(self._panel.as_dict())

    async def _faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._panel.heal()
        elif request.method != "GET":
            try:
                self._panel.shares.order(await json_object(request) or {})
            except ValueError as error:
                return reply({"error": str(error)}, 400)
        return reply(self._panel.faults())

    async def _requests(self, request: Request) -> Response:
        provider = request.query_params.get("provider")
        if provider not in PROVIDERS:
            return _no_such_provider()
        if request.method == "DELETE":
            self._recorder.forget(provider)
        return reply({"requests": self._recorder.of(provider)})

    async def _log(self, request: Request) -> Response:
        provider, since = request.query_params.get("provider"), request.query_params.get("since") or "0"
        if provider and provider not in PROVIDERS:
            return _no_such_provider()
        try:
            moment = float(since)
        except ValueError:
            return reply({"error": "since must be a unix time"}, 400)
        jobs = [
            _entry(job)
            for job in self._store.log
            if job.accepted_at >= moment and (not provider or job.provider == provider)
        ]
        return reply({"total": len(jobs), "jobs": jobs})

    async def _expire(self, request: Request) -> Response:
        provider = request.query_params.get("provider")
        if provider not in PROVIDERS:
            return _no_such_provider()
        self._files.expire(provider)
        return reply({})

    async def _finish(self, request: Request) -> Response:
        provider = request.query_params.get("provider")
        if provider not in PROVIDERS:
            return _no_such_provider()
        self._runner.finish(provider)
        return reply({})

    async def _reset(self, request: Request) -> Response:
        del request
        self._runner.reset()
        self._panel.reset()
        return reply({})


def _no_such_provider() -> Response:
    return reply({"error": f"provider must be one of {', '.join(PROVIDERS)}"}, 400)


def _entry(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "provider": job.provider,
        "path": job.path,
        "model": job.model,
        "prompt": job.prompt,
        "accepted_at": job.accepted_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "state": job.state,
        "safety_identifier": job.safety_identifier,
        "correlation": job.correlation,
        "callback_url": job.callback_url,
        "params": job.params,
        "usage": job.usage,
        "error": {"code": job.error[0], "message": job.error[1]} if job.error else None,
        "deleted": job.deleted,
        "billed": job.billed,
    }
