"""The yardstick of `read`: what a FastAPI route costs that reads a row by key and does nothing else."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import FastAPI, HTTPException

_ONE = """
SELECT id, status, model, quote_micro, charged_micro, requested_at, finished_at FROM tasks WHERE id = $1
"""


@asynccontextmanager
async def _pooled(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["PLAIN_DSN"], min_size=1, max_size=10) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_pooled)


@app.get("/tasks/{task_id}")
async def one(task_id: UUID) -> dict[str, Any]:
    """A task's row."""
    row = await app.state.pool.fetchrow(_ONE, task_id)
    if row is None:
        raise HTTPException(404)
    return dict(row)
