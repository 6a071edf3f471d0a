"""Say how providers do, so that any process, the command line and the gateway can tell."""

from typing import Any

from runtime.db import Database

from dispatcher import metrics
from dispatcher.db import reports
from dispatcher.domain.providers import Provider
from dispatcher.usecases.desk import Desk

PERIOD_SECONDS = 5.0


class ReportProviders:
    """Writes what this process has seen; run every few seconds."""

    def __init__(self, db: Database, desk: Desk, instance: str) -> None:
        self._db, self._desk, self._instance = db, desk, instance

    async def __call__(self) -> None:
        """A row per configured key; the open circuits are told to `/metrics`, too."""
        self._show_circuits()
        told = [
            {"provider": provider.name, "credential_id": each.id, "report": self._report(provider, each.id)}
            for provider in self._desk.providers.values()
            for each in provider.credentials
        ]
        async with self._db.transaction(durable=False) as tx:
            await reports.put(tx, self._instance, told)

    def _show_circuits(self) -> None:
        open_now = self._desk.circuits.open_now()
        for provider in self._desk.providers.values():
            for credential in provider.credentials:
                metrics.SET_ASIDE.labels(provider.name, credential.id)  # 0 until it is refused
                for kind in ("submit", "poll"):
                    key = (provider.name, credential.id, kind)
                    metrics.CIRCUITS.labels(*key).set(key in open_now)

    def _report(self, provider: Provider, credential_id: str) -> dict[str, Any]:
        desk, key = self._desk, (provider.name, credential_id)
        answers, seconds = desk.standing.of(*key)
        shares = desk.health.failed_shares()
        return {
            "simulated": provider.simulated,
            "answers": answers,
            "seconds": seconds,
            "open_circuits": {
                each[2]: round(left, 1) for each, left in desk.circuits.open_now().items() if each[:2] == key
            },
            "set_aside": [
                {"model": use[2], "times": aside.times, "again_in": round(desk.aside.rests(use), 1)}
                for use, aside in desk.aside.now().items()
                if use[:2] == key
            ],
            "failed_shares": {
                route[1]: share for route, share in shares.items() if route[0] == provider.name
            },
        }
