"""The OpenAPI document that the gateway serves, read from its parts list: nothing has to run for it."""

import sys
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "gateway"))

METHODS = ("get", "put", "post", "delete", "patch")
_NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


@cache
def document() -> dict[str, Any]:
    """`/openapi.json`."""
    from gateway.app import make_app
    from gateway.outbound.objects import Objects
    from gateway.outbound.rate_store import RateStore
    from gateway.parts.shared import store_address
    from gateway.usecases.follow_tasks import FollowTasks
    from gateway_tools import settings_for
    from runtime.db import Database
    from runtime.outbox.recorder import Outbox

    settings = settings_for(_NOWHERE)
    db = Database(_NOWHERE, name="document", pool_size=1)
    objects, follow = Objects(store_address(settings)), FollowTasks(db, 1)
    app = make_app(settings, db, Outbox("gateway"), follow, objects, RateStore("memory://"))
    return app.openapi()


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Each operation object by method (upper case) and path."""
    return {
        (method.upper(), path): item[method]
        for path, item in document()["paths"].items()
        for method in METHODS
        if method in item
    }
