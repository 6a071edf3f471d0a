"""Marking attempts `submitting`: the row before the call."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import asyncpg
from runtime.db import Tx, rows

from dispatcher.db import turns

# One statement tests cancel, deadline and settlement and takes the number: whoever gets a row back may call,
# once. A number is free when it is the next one, or when its last call was definitely not taken.
_MARK = """
WITH r AS (
    SELECT * FROM json_to_recordset($1::json) AS r(
        task_id uuid, n int, provider text, protocol text, model text, credential_id text, correlation text,
        cost_rule json)
),
open AS (
    SELECT j.task_id FROM jobs j JOIN r ON r.task_id = j.task_id
    WHERE j.requested_at IS NOT NULL AND j.frozen_at IS NOT NULL
      AND j.completed_at IS NULL AND j.settled_at IS NULL AND j.cancel_requested_at IS NULL
      AND j.deleted_at IS NULL
      AND j.deadline > now()
      AND j.attempt IN (r.n - 1, r.n)
    ORDER BY j.task_id FOR UPDATE OF j
),
marked AS (
    INSERT INTO attempts AS a (task_id, n, status, provider, protocol, model, credential_id, correlation,
                               cost_rule)
    SELECT r.task_id, r.n, 'submitting', r.provider, r.protocol, r.model, r.credential_id, r.correlation,
           r.cost_rule
    FROM r JOIN open ON open.task_id = r.task_id
    ON CONFLICT (task_id, n) DO UPDATE SET
        status = 'submitting', provider = excluded.provider, protocol = excluded.protocol,
        model = excluded.model, credential_id = excluded.credential_id, cost_rule = excluded.cost_rule,
        submitting_at = now(),
        sends = a.sends + 1, hint_job_id = NULL
    WHERE a.status = 'deferred'
    RETURNING a.task_id, a.n, a.sends
),
numbered AS (
    UPDATE jobs j SET attempt = marked.n FROM marked
    WHERE j.task_id = marked.task_id AND j.attempt <> marked.n
)
SELECT task_id, sends FROM marked
"""

# A slot kept for a task is for nobody else; while others wait in turn, a free one isn't for newcomers.
_FREE_SLOTS = """
SELECT n, CASE WHEN attempt = 0 AND leased_until >= now() THEN task_id END AS kept_for FROM slots
WHERE provider = $1 AND credential_id = $2 AND n <= $3
  AND ((attempt = 0 AND task_id = ANY($4::uuid[]) AND leased_until >= now())
       OR ((task_id IS NULL OR leased_until < now()) AND NOT EXISTS (SELECT FROM work WHERE kind = $5)))
ORDER BY kept_for NULLS LAST, n LIMIT cardinality($4::uuid[]) FOR UPDATE SKIP LOCKED
"""

_TAKE_SLOTS = """
UPDATE slots s SET task_id = r.task_id, attempt = r.attempt,
       leased_until = j.deadline + make_interval(secs => $2)
FROM json_to_recordset($1::json) AS r(provider text, credential_id text, n int, task_id uuid, attempt int)
JOIN jobs j ON j.task_id = r.task_id
WHERE s.provider = r.provider AND s.credential_id = r.credential_id AND s.n = r.n
"""

SLOT_MARGIN_SECONDS = 3600.0
"""How long past a task's deadline its slot is kept if nobody gives it back."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An attempt about to be sent. `max_concurrent`: the credential's limit, None without one."""

    task_id: UUID
    n: int
    provider: str
    protocol: str
    model: str
    credential_id: str
    correlation: str
    max_concurrent: int | None
    account_id: UUID
    cost_rule: Mapping[str, Any] | None = None
    """What the provider will charge, frozen for this input; None where the route doesn't say."""


Refusal = Literal["no_slot", "not_now"]


@dataclass(frozen=True, slots=True)
class Marked:
    """The attempt is ours to send, once. `sends` names this call."""

    sends: int


async def mark(tx: Tx, items: Sequence[Mark]) -> list[Marked | Refusal]:
    """Mark each item for which there is a slot and nothing speaks against it."""
    first: dict[UUID, Mark] = {}
    for item in items:
        first.setdefault(item.task_id, item)
    slots = await _free_slots(tx, list(first.values()))
    wanted = [item for item in first.values() if item.max_concurrent is None or item.task_id in slots]
    given = rows(_row(item) for item in sorted(wanted, key=lambda item: item.task_id))
    found = {record["task_id"]: record for record in await tx.fetch(_MARK, given)} if wanted else {}
    taken = [_slot(item, slots) for item in wanted if item.task_id in found and item.task_id in slots]
    if taken:
        await tx.execute(_TAKE_SLOTS, rows(taken), SLOT_MARGIN_SECONDS)
    refused = {item.task_id for item in first.values()} - {item.task_id for item in wanted}
    return [_answer(item, first[item.task_id] is item, found, refused) for item in items]


def _answer(
    item: Mark, first: bool, found: Mapping[UUID, asyncpg.Record], no_slot: set[UUID]
) -> Marked | Refusal:
    """Of two items for one task in a batch only the first may be sent."""
    if item.task_id in no_slot:
        return "no_slot"
    return Marked(found[item.task_id]["sends"]) if first and item.task_id in found else "not_now"


async def _free_slots(tx: Tx, items: Sequence[Mark]) -> dict[UUID, int]:
    """A slot number for as many of the limited items as there are slots."""
    groups: dict[tuple[str, str, int], list[UUID]] = defaultdict(list)
    for item in _by_turns(items):
        if item.max_concurrent is not None:
            groups[item.provider, item.credential_id, item.max_concurrent].append(item.task_id)
    slots: dict[UUID, int] = {}
    for (provider, credential_id, most), tasks in sorted(groups.items()):
        queue = turns.kind((provider, credential_id))
        found = await tx.fetch(_FREE_SLOTS, provider, credential_id, most, tasks, queue)
        slots.update({row["kept_for"]: row["n"] for row in found if row["kept_for"] is not None})
        others = [task for task in tasks if task not in slots]
        slots.update(zip(others, (row["n"] for row in found if row["kept_for"] is None), strict=False))
    return slots


def _by_turns(items: Sequence[Mark]) -> list[Mark]:
    """The first of each account, then the second of each, and so on."""
    before: Counter[UUID] = Counter()
    numbered = []
    for item in items:
        numbered.append((before[item.account_id], item))
        before[item.account_id] += 1
    return [item for _, item in sorted(numbered, key=lambda each: each[0])]


def _row(item: Mark) -> dict[str, object]:
    return {
        "task_id": item.task_id,
        "n": item.n,
        "provider": item.provider,
        "protocol": item.protocol,
        "model": item.model,
        "credential_id": item.credential_id,
        "correlation": item.correlation,
        "cost_rule": item.cost_rule,
    }


def _slot(item: Mark, slots: dict[UUID, int]) -> dict[str, object]:
    return {
        "provider": item.provider,
        "credential_id": item.credential_id,
        "n": slots[item.task_id],
        "task_id": item.task_id,
        "attempt": item.n,
    }
