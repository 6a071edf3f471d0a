"""`GET`, `POST /api/keys`, `DELETE /api/keys/{id}`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.ids import to_text
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import keys
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.forms import Form, read_form
from gateway.inbound.http.numbers import time_text
from gateway.inbound.http.openapi import quickstart_account as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.quickstart.documents import json_response
from gateway.inbound.http.v1.keys import Name, NewKeyForm, actor, create, key_id_of, not_found
from gateway.usecases.change_key import KeyChange, change_key, delete_key

_PREFIX = "key_"


class NamedKeyForm(Form):
    """The body of a create."""

    name: Name


@dataclass(frozen=True, slots=True)
class NamedKeys:
    """The routes; what else can be said of a key is `/api/v1/keys`."""

    admit: Admit
    db: Database
    pepper: bytes

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [
            Operation("GET", "/api/keys", self.page, described.keys()),
            Operation("POST", "/api/keys", self.create, described.create_key()),
            Operation("DELETE", "/api/keys/{key_id}", self.revoke, described.revoke_key()),
        ]

    async def page(self, request: Request) -> Response:
        """The account's keys, revoked ones too."""
        caller = await self.admit(request, "keys")
        rows = await keys.page(self.db.pool, caller.account_id)
        return json_response({"keys": [_shown(row) for row in rows]})

    async def create(self, request: Request) -> Response:
        """One that may do what the caller's may; the only answer that carries the whole key."""
        caller = await self.admit(request, "keys")
        form = await read_form(request, NamedKeyForm)
        key_id, secret = await create(self.db, self.pepper, caller, NewKeyForm(name=form.name))
        row = await keys.of_account(self.db.pool, caller.account_id, key_id)
        assert row is not None, "it was made now"
        return json_response({**_shown(row), "key": secret})

    async def revoke(self, request: Request) -> Response:
        """It stops working within a second; of one that is revoked already nothing is left."""
        caller = await self.admit(request, "keys")
        key_id, who = key_id_of(request), actor(caller)
        row = await keys.of_account(self.db.pool, caller.account_id, key_id)
        if row is None:
            raise not_found(request)
        if row["disabled_at"] is not None:
            await delete_key(self.db, caller.account_id, key_id, who)
        else:
            await change_key(self.db, KeyChange(caller.account_id, key_id, {"disabled": True}, who))
        return json_response({"id": to_text(_PREFIX, key_id), "revoked": True})


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": to_text(_PREFIX, row["id"]),
        "prefix": row["prefix"],
        "name": row["name"],
        "created_at": time_text(row["created_at"]),
        "last_used": time_text(row["last_used_at"]),
        "is_active": row["disabled_at"] is None,
    }
