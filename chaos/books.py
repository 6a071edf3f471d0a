"""M1-M8: the ledger's books proved by a second reader that shares no code with the ledger's own check."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from chaos.report import Finding

Row = Mapping[str, Any]
Purse = tuple[str, str]
ROUTES = {
    "freeze": ("available", "held"),
    "settle": ("held", "revenue"),
    "release": ("held", "available"),
    "expire": ("held", "available"),
    "grant": ("issuer", "available"),
    "takeback": ("available", "adjustment"),
    "writeoff": ("writeoff", "adjustment"),
}
_TABLES = {
    "balances": "SELECT account_id::text, asset, available_micro, held_micro, version FROM balances",
    "transfers": "SELECT * FROM transfers ORDER BY account_id, asset, version",
    "tasks": "SELECT * FROM tasks",
    "changes": "SELECT change_id::text, asset, amount_micro, written_off_micro FROM changes",
}
_AT_ANY_MOMENT = """
SELECT (SELECT coalesce(sum(available_micro + held_micro), 0) FROM balances)
       + (SELECT coalesce(sum(amount_micro) FILTER (WHERE kind IN ('settle', 'takeback')), 0)
          - coalesce(sum(amount_micro) FILTER (WHERE kind = 'grant'), 0) FROM transfers) AS off,
       (SELECT coalesce(sum(held_micro), 0) FROM balances)
       - (SELECT coalesce(sum(held_micro), 0) FROM tasks WHERE frozen_at IS NOT NULL AND closed_at IS NULL)
         AS held_off,
       (SELECT count(*) FROM balances WHERE available_micro < 0 OR held_micro < 0) AS negative
"""


@dataclass(frozen=True)
class Books:
    """Every row of the books, of one moment."""

    balances: Sequence[Row]
    transfers: Sequence[Row]
    tasks: Sequence[Row]
    changes: Sequence[Row]


async def read(dsn: str) -> Books:
    """All of it in one snapshot."""
    conn = await asyncpg.connect(dsn)
    try:
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            return Books(**{n: list(map(dict, await conn.fetch(sql))) for n, sql in _TABLES.items()})
    finally:
        await conn.close()


async def glance(dsn: str) -> str | None:
    """What is wrong with the totals at this very moment, in the middle of everything; None: nothing."""
    conn = await asyncpg.connect(dsn, timeout=5, command_timeout=20)
    try:
        row = await conn.fetchrow(_AT_ANY_MOMENT)
    finally:
        await conn.close(timeout=2)
    assert row is not None, "counts are one row"
    return None if not any(row.values()) else str(dict(row))


def prove(
    books: Books, granted: Mapping[str, tuple[str, str, int]], glances: Mapping[str, int]
) -> list[Finding]:
    """All eight. `granted` are the acknowledged grants, `glances` what was seen while it ran."""
    return [
        _double_entry(books),
        _conservation(books, granted, glances),
        _not_negative(books),
        _held_is_open_holds(books),
        _resolved_once(books),
        _replay(books),
        _times(books),
        _refusals(books),
    ]


def _double_entry(books: Books) -> Finding:
    wrong = [
        f"{_where(t)}: {t['kind']} {t['debit']} → {t['credit']} {t['amount_micro']}"
        for t in books.transfers
        if ROUTES.get(t["kind"]) != (t["debit"], t["credit"]) or t["amount_micro"] <= 0
    ]
    return Finding(
        "M1", "every entry is a known route; postings sum to zero", f"{len(books.transfers)} transfers", wrong
    )


def _conservation(
    books: Books, granted: Mapping[str, tuple[str, str, int]], glances: Mapping[str, int]
) -> Finding:
    totals = _by_kind(books.transfers)
    wrong = [f"{many} × at a look while it ran: {what}" for what, many in glances.items() if what != "right"]
    assets = {asset for _, asset, _ in granted.values()} | {b["asset"] for b in books.balances}
    figures = []
    for asset in sorted(assets):
        issued = sum(micro for _, a, micro in granted.values() if a == asset)
        held = sum(b["available_micro"] + b["held_micro"] for b in books.balances if b["asset"] == asset)
        revenue, writeoff = totals[asset, "settle"], totals[asset, "writeoff"]
        demo = sum(
            c["amount_micro"] for c in books.changes if c["asset"] == asset and c["change_id"] not in granted
        )
        figures.append(f"{asset}: {issued + demo} = {held} + {revenue} - {writeoff}")
        if issued + demo != held + revenue - writeoff:
            wrong.append(
                f"{asset}: granted {issued + demo} ≠ {held} in balances + {revenue} earned - {writeoff}"
            )
    booked = Counter(c["change_id"] for c in books.changes)
    moved = Counter(
        str(t["change_id"]) for t in books.transfers if t["change_id"] and t["kind"] != "writeoff"
    )
    for grant, (_, _, micro) in granted.items():
        if booked[grant] != 1 or moved[grant] > 1 or (micro > 0 and moved[grant] != 1):
            wrong.append(f"grant {grant} is booked {booked[grant]} times and moved {moved[grant]} times")
    looks = sum(glances.values())
    return Finding(
        "M2",
        "granted = available + held + revenue - write-off",
        f"{'; '.join(figures)}; {looks} looks",
        wrong,
    )


def _by_kind(transfers: Iterable[Row]) -> Counter[tuple[str, str]]:
    totals: Counter[tuple[str, str]] = Counter()
    for each in transfers:
        totals[each["asset"], each["kind"]] += each["amount_micro"]
    return totals


def _not_negative(books: Books) -> Finding:
    rows = [*books.balances, *books.transfers]
    wrong = [_where(r) for r in rows if r["available_micro"] < 0 or r["held_micro"] < 0]
    return Finding("M3", "nothing is or ever was below zero", f"{len(books.balances)} balances", wrong)


def _held_is_open_holds(books: Books) -> Finding:
    open_: Counter[Purse] = Counter()
    holds = [t for t in books.tasks if t["frozen_at"] is not None and t["closed_at"] is None]
    for each in holds:
        open_[_purse(each)] += each["held_micro"]
    shown = {_purse(b): b["held_micro"] for b in books.balances}
    wrong = [
        f"{purse}: held {shown.get(purse, 0)}, open holds {open_[purse]}"
        for purse in shown.keys() | open_.keys()
        if shown.get(purse, 0) != open_[purse]
    ]
    return Finding("M4", "held = what the open holds hold", f"{len(holds)} open holds", wrong)


def _resolved_once(books: Books) -> Finding:
    moved: dict[str, Counter[str]] = defaultdict(Counter)
    resolutions: Counter[str] = Counter()
    for each in books.transfers:
        if each["task_id"]:
            moved[str(each["task_id"])][each["kind"]] += each["amount_micro"]
            resolutions[str(each["task_id"]), each["kind"]] += 1  # type: ignore[index]
    wrong, holds = [], 0
    for task in books.tasks:
        if task["frozen_at"] is None:
            continue
        holds += 1
        kinds, name = moved[str(task["task_id"])], str(task["task_id"])
        many = [f"{resolutions[name, kind]} {kind}" for kind in kinds if resolutions[name, kind] > 1]  # type: ignore[index]
        back = kinds["settle"] + kinds["release"] + kinds["expire"]
        closed = task["closed_at"] is not None
        if many or kinds["freeze"] != task["held_micro"] or back != (task["held_micro"] if closed else 0):
            wrong.append(f"{name}: held {task['held_micro']}, moved {dict(kinds)}, repeated {many}")
    return Finding(
        "M5", "every hold is resolved at most once; settled + returned = held", f"{holds} holds", wrong
    )


def _replay(books: Books) -> Finding:
    state: dict[Purse, tuple[int, int, int]] = defaultdict(lambda: (1, 0, 0))
    wrong = []
    for each in books.transfers:
        version, available, held = state[_purse(each)]
        amount, debit, credit = each["amount_micro"], each["debit"], each["credit"]
        after = (
            version + 1,
            available + amount * ((credit == "available") - (debit == "available")),
            held + amount * ((credit == "held") - (debit == "held")),
        )
        if after != (each["version"], each["available_micro"], each["held_micro"]):
            wrong.append(f"{_where(each)}: replay gives {after}")
        state[_purse(each)] = (each["version"], each["available_micro"], each["held_micro"])
    for each in books.balances:
        if state[_purse(each)] != (each["version"], each["available_micro"], each["held_micro"]):
            wrong.append(f"balance {_purse(each)} is not where its transfers lead")
    return Finding(
        "M6",
        "balances = replay of the transfers; no version is missing",
        f"{len(books.transfers)} steps",
        wrong,
    )


def _times(books: Books) -> Finding:
    last: dict[Purse, Any] = {}
    wrong = []
    for each in books.transfers:
        if (before := last.get(_purse(each))) is not None and each["recorded_at"] < before:
            wrong.append(_where(each))
        last[_purse(each)] = each["recorded_at"]
    return Finding("M7", "an account's times never go back", f"{len(last)} accounts", wrong)


def _refusals(books: Books) -> Finding:
    moved = {str(t["task_id"]) for t in books.transfers if t["task_id"]}
    refused = [t for t in books.tasks if t["outcome"] == "refused"]
    wrong = [str(t["task_id"]) for t in refused if str(t["task_id"]) in moved or t["frozen_at"] is not None]
    return Finding("M8", "a refused task has moved nothing", f"{len(refused)} refusals", wrong)


def _purse(row: Row) -> Purse:
    return str(row["account_id"]), str(row["asset"])


def _where(row: Row) -> str:
    return f"{row['account_id']}/{row['asset']} version {row['version']}"
