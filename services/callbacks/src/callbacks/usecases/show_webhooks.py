"""Tell an operator what came in for a task, and when."""

from collections.abc import AsyncIterator
from uuid import UUID

from runtime.db import Database

from callbacks.db import webhooks as table


async def show_webhooks(db: Database, task_id: UUID, *, bodies: bool) -> AsyncIterator[str]:
    """A line per webhook, oldest first; with `bodies` each is followed by its headers and body."""
    for row in await table.of_task(db.pool, task_id):
        state = "final" if row["final"] else "unfinished"
        yield (
            f"{row['received_at'].isoformat()}  {row['provider']}  attempt {row['attempt']}  {state}"
            f"  job {row['provider_job_id'] or '-'}  {len(row['body'])} bytes"
            f"  sha256 {row['body_hash'].hex()[:16]}  {row['id']}"
        )
        if bodies:
            for name, value in sorted(row["headers"].items()):
                yield f"    {name}: {value}"
            yield "    " + row["body"].decode("utf-8", "backslashreplace")
