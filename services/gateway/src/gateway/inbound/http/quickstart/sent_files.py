"""Files that a request names: what the account made before, or an address, as something to fetch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.ids import task_from_text
from runtime.db import Database

from gateway.db import videos
from gateway.domain import quickstart
from gateway.domain.problem import Problem
from gateway.domain.uploads import SCHEME, upload_from_text, upload_text
from gateway.inbound.http.file_links import Addresses

_WEB = ("http://", "https://", "data:")


@dataclass(frozen=True, slots=True)
class Named:
    """A file of the account's: its address, and what is known of it."""

    url: str
    asset: Mapping[str, Any]


def task_of(file_name: str) -> UUID | None:
    """The task that a result's file name begins with."""
    return task_from_text(file_name.partition("-")[0])


def asset_named(row: Mapping[str, Any], file_name: str) -> Mapping[str, Any] | None:
    """A task's result by its file name."""
    return next((each for each in row["assets"] or () if each["file_name"] == file_name), None)


@dataclass(frozen=True, slots=True)
class SentFiles:
    """Finds files by their names."""

    db: Database

    async def addressed(self, account_id: UUID, fields: Mapping[str, Any], at: Addresses) -> dict[str, Any]:
        """The fields with addresses in place of file names. Raises Problem 404 for an unknown file."""
        found = dict(fields)
        for name in quickstart.MEDIA.keys() & fields.keys():
            value = fields[name]
            if not isinstance(value, str) or not value or value.lower().startswith(_WEB):
                continue
            if (upload_id := upload_from_text(value)) is not None:
                found[name] = SCHEME + upload_text(upload_id)
            else:
                found[name] = (await self.named(account_id, value, at, name)).url
        return found

    async def named(self, account_id: UUID, file_name: str, at: Addresses, param: str) -> Named:
        """A result of the account's by its name. Raises Problem 404."""
        task_id = task_of(file_name)
        row = None if task_id is None else await videos.one(self.db.pool, account_id, task_id)
        asset = None if row is None or row["status"] != "succeeded" else asset_named(row, file_name)
        if asset is None:
            raise Problem(404, "file_not_found", f"You have no file {file_name[:100]!r}.", param=param)
        return Named(at.file(asset), asset)
