"""What the gateway asks about credits: an account's transfers, open holds, a check of the books."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from contracts.money import CREDIT, TEST
from runtime.db import Database
from runtime.internal import Given, InternalRoutes, answer
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ledger.db import statements
from ledger.usecases.keep_checking import Checked, KeepChecking

MOST = 1000
_NEWEST = (1 << 63) - 1
WAIT_SECONDS = 20


class Books:
    """The routes."""

    def __init__(self, db: Database, checks: KeepChecking) -> None:
        self._db, self._checks = db, checks

    def routes(self, internal: InternalRoutes) -> list[Route]:
        """All of them."""
        return [
            internal.route("GET", "/accounts/{account:uuid}/transfers", self.transfers),
            internal.route("GET", "/holds", self.holds),
            internal.route("GET", "/check", self.checked),
            internal.route("POST", "/check", self.check),
        ]

    async def transfers(self, request: Request) -> Response:
        """`asset`, `before` (a version), `limit`: newest first, with running balances. Refusal 422."""
        given = Given(request)
        found = await statements.transfers(
            self._db.pool,
            request.path_params["account"],
            given.choice("asset", (CREDIT, TEST)) or CREDIT,
            given.whole("before", _NEWEST, 1, _NEWEST),
            given.whole("limit", 100, 1, MOST),
        )
        return answer({"data": [_plain(row) for row in found]})

    async def holds(self, request: Request) -> Response:
        """`account`, `expired` (true, false), `after` (a task's id), `limit`: open holds. Refusal 422."""
        given = Given(request)
        expired = given.choice("expired", ("true", "false"))
        found = await statements.open_holds(
            self._db.pool,
            given.uuid("account"),
            None if expired is None else expired == "true",
            given.uuid("after"),
            given.whole("limit", 100, 1, MOST),
        )
        return answer({"data": [_plain(row) for row in found]})

    async def checked(self, _: Request) -> Response:
        """The last check, and whether one is being made."""
        return answer(self._state())

    async def check(self, request: Request) -> Response:
        """Prove the books; after `wait` seconds the answer may be that it is still being done."""
        await self._checks.begin(Given(request).whole("wait", WAIT_SECONDS, 0, WAIT_SECONDS))
        return answer(self._state())

    def _state(self) -> dict[str, Any]:
        last = self._checks.last
        return {"running": self._checks.running, "last": None if last is None else _checked(last)}


def _checked(last: Checked) -> dict[str, Any]:
    wrong = sum(finding.wrong for finding in last.findings)
    return {
        "started_at": last.started_at,
        "ended_at": last.ended_at,
        "right": last.error is None and not wrong,
        "error": last.error,
        "findings": [asdict(finding) for finding in last.findings],
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """asyncpg's UUIDs are none to orjson."""
    return {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}
