"""X4: the jobs that providers accepted, by their own log, against the attempts that stand for them."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from chaos.evidence import Evidence, Row, by_task
from chaos.report import Finding, told

_ATTEMPT = re.compile(r"[?&]task=([0-9a-f-]{36}).*?[?&]attempt=(\d+)")
_CORRELATION = re.compile(r"fb-([0-9a-f]{32})-(\d+)")
_KEY = re.compile(r"chaos-\d{5}")
_SAYS = "jobs at the provider = attempts + recorded orphans"

Job = Mapping[str, object]
Owner = tuple[str, int]
"""The task and attempt that a job says it is for; 0 where it names no attempt."""


def finding(found: Evidence) -> Finding:
    """X4."""
    named = {_bare(a["provider_job_id"]): a for a in found.attempts if a["provider_job_id"]}
    attempts = by_task(found.attempts)
    wrong, many_of = [], Counter[str]()
    for job in found.provider:
        attempt = named.get(_bare(job["id"]))
        owner = (attempt["task_id"], attempt["n"]) if attempt else _owner(job, found.tasks)
        many_of[owner[0] if owner else "?"] += 1
        if attempt is None and not _recorded(job, owner, attempts):
            what = f"{job['provider']} has {job['id']} ({job['state']}) of {owner}"
            wrong.append(f"{what}, which no attempt and no orphan stands for")
    for task, many in many_of.items():
        if task != "?" and many > len(attempts[task]):
            wrong.append(f"{task} is {many} jobs at the provider in {len(attempts[task])} attempts")
    wrong += _never_given(named, found.provider)
    return Finding("X4", _SAYS, _figure(found), wrong)


def _never_given(named: Mapping[str, Row], jobs: Sequence[Job]) -> list[str]:
    given = {_bare(job["id"]) for job in jobs}
    return [
        f"attempt {a['n']} of {a['task_id']} names {name}, which the provider never gave"
        for name, a in named.items()
        if name not in given and a["provider_job_id"] != a["correlation"]
    ]


def _figure(found: Evidence) -> str:
    orphans = Counter(str(a["orphan"]) for a in found.attempts if a["orphan"])
    settled = sum(a["cost_micro"] or 0 for a in found.attempts if a["settled_outcome"] == "settled")
    borne = sum(a["cost_micro"] or 0 for a in found.attempts if a["settled_outcome"] != "settled")
    return (
        f"{len(found.provider)} jobs, {len(found.attempts)} attempts, orphans {told(orphans)}; "
        f"cost {settled} settled + {borne} borne"
    )


def _recorded(job: Job, owner: Owner | None, attempts: Mapping[str, Sequence[Row]]) -> bool:
    """Whether a job that no attempt names is one of unknown outcome, or of a protocol without ids."""
    if owner is None:
        return False
    mine = [
        a
        for a in attempts.get(owner[0], [])
        if owner[1] in (0, a["n"]) and a["provider"].partition("_")[0] == job["provider"]
    ]
    return any(a["orphan"] or a["provider_job_id"] in (None, a["correlation"]) for a in mine)


def _owner(job: Job, tasks: Sequence[Row]) -> Owner | None:
    names = ("callback_url", "correlation", "safety_identifier", "params")
    words = " ".join(str(job.get(name) or "") for name in names)
    if found := _ATTEMPT.search(words):
        return found[1], int(found[2])
    if found := _CORRELATION.search(words):
        return str(UUID(found[1])), int(found[2])
    key = _KEY.search(f"{job.get('prompt')} {words}")
    task = next((t["id"] for t in tasks if key and t["idempotency_key"] == key[0]), None)
    return (task, 0) if task else None


def _bare(job_id: object) -> str:
    """A job's id without the path that some protocols put before it."""
    return str(job_id).rstrip("/").rpartition("/")[2]
