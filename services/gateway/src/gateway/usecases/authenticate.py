"""Who sent a request: API keys, cached for at most half a second."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Sequence
from uuid import UUID

import structlog
from runtime.db import Database
from runtime.group_commit import GroupCommit

from gateway.db import keys
from gateway.db.keys import Caller
from gateway.domain import keys as key_format
from gateway.domain.problem import Problem
from gateway.usecases.limit_guesses import LimitGuesses

log = structlog.get_logger()

_MOST_CACHED = 20_000
_TOUCH_SECONDS = 60.0
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="framebus"'}


def hash_of(key: str, pepper: bytes) -> bytes:
    """What is stored of a key: HMAC-SHA256. A fast hash will do for 190 random bits."""
    return hmac.digest(pepper, key.encode(), "sha256")


class Authenticate:
    """Finds the caller of a request. Look-ups that happen together share a statement."""

    def __init__(self, db: Database, pepper: bytes, cache_seconds: float, guesses: LimitGuesses) -> None:
        self._db, self._pepper, self._ttl, self._guesses = db, pepper, cache_seconds, guesses
        self._cache: dict[bytes, tuple[float, Caller | None]] = {}
        self._lookups: GroupCommit[bytes, Caller | None] = GroupCommit(self._find, max_waiting=5000)
        self._touched: dict[UUID, float] = {}
        self._background: set[asyncio.Task[None]] = set()

    async def __call__(self, authorization: str | None, address: str) -> Caller:
        """The caller behind an `Authorization` header that came from a network address.

        Raises Problem 401, 403 for a disabled account, 429 when the address sends many wrong keys.
        """
        key = _bearer(authorization)
        name = hashlib.sha256(key.encode()).digest()  # cheaper than the HMAC, and no key stays in memory
        cached = self._cache.get(name)
        if cached is not None and cached[0] > time.monotonic():
            caller = cached[1]
        else:
            caller = await self._load(key, name, address)
        if caller is None:
            self._guesses.wrong(address, name)
        if caller is None or caller.disabled:
            raise _invalid()
        if caller.expired:
            message = "This API key has expired. Make a new one."
            raise Problem(401, "api_key_expired", message, headers=_CHALLENGE)
        if not caller.account_active:
            raise Problem(403, "account_disabled", "This account is disabled.")
        return caller

    async def _load(self, key: str, name: bytes, address: str) -> Caller | None:
        if key_format.asset_of(key) is None:
            return None
        self._guesses.before_look(address, name)
        asked_at = time.monotonic()  # an answer is as old as its question
        caller = await self._lookups.submit(hash_of(key, self._pepper))
        if caller is not None:
            self._guesses.right(name)
        if len(self._cache) > _MOST_CACHED:
            self._cache.clear()
        self._cache[name] = (asked_at + self._ttl, caller)
        return caller

    async def _find(self, digests: Sequence[bytes]) -> list[Caller | None]:
        found = await keys.find(self._db.pool, list(set(digests)))
        self._note_use([caller.key_id for caller in found.values()], time.monotonic())
        return [found.get(digest) for digest in digests]

    def _note_use(self, key_ids: Sequence[UUID], now: float) -> None:
        """Write `last_used_at` beside the requests, at most once a minute per key."""
        due = [key for key in key_ids if now - self._touched.get(key, -_TOUCH_SECONDS) >= _TOUCH_SECONDS]
        if not due:
            return
        if len(self._touched) > _MOST_CACHED:
            self._touched.clear()
        self._touched.update(dict.fromkeys(due, now))
        task = asyncio.create_task(self._touch(due))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _touch(self, key_ids: Sequence[UUID]) -> None:
        try:
            await keys.touch(self._db.pool, key_ids)
        except Exception as error:  # only for people's information: it must not fail anybody's request
            log.warning("key_use_not_noted", error=repr(error))


def _bearer(authorization: str | None) -> str:
    if not authorization:
        message = "Send your API key as `Authorization: Bearer mv_live_…`."
        raise Problem(401, "missing_api_key", message, headers=_CHALLENGE)
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        message = "The Authorization header must be `Bearer` and an API key."
        raise Problem(401, "invalid_authorization", message, headers=_CHALLENGE)
    return key.strip()


def _invalid() -> Problem:
    message = "This API key is not valid: unknown, disabled, deleted or mistyped."
    return Problem(401, "invalid_api_key", message, headers=_CHALLENGE)
