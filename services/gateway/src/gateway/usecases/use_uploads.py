"""Files in an order: uploads that it names become links and stay; large data URIs become uploads."""

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from catalog.catalog import Catalog
from catalog.media import inline_bytes
from catalog.model import Reference
from runtime.db import Database

from gateway.db import uploads
from gateway.db.keys import Caller
from gateway.domain.admission import Submission
from gateway.domain.problem import Detail
from gateway.domain.uploads import Upload, link_of, upload_from_text
from gateway.domain.wishes import Wish
from gateway.usecases.keep_upload import Claim, KeepUpload, whole

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
PIN_SECONDS = 90_000
"""No task is given to a provider later than 24 hours after its request."""


@dataclass(frozen=True, slots=True)
class UseUploads:
    """`files`: where links begin as providers see them; None when the installation has no public address.

    `inline_bytes`: what data URIs may have in all, decoded, to travel with the task.
    """

    db: Database
    catalog: Catalog
    keep: KeepUpload
    files: str | None
    inline_bytes: int

    async def named(self, caller: Caller, wish: Wish) -> tuple[Wish, list[Detail]]:
        """The wish with links for the uploads that it names by id (`file_…`, `upload://file_…`), and what is
        wrong with them. Uploads named by their links are pinned as well. Where a model counts the seconds of
        a file and the wish doesn't say how many, it is all of the upload.
        """
        model = self.catalog.get(wish.model) if isinstance(wish.model, str) else None
        references = model.references(wish.input) if model else []
        ids = {each.value: known for each in references if (known := upload_from_text(each.value))}
        tokens = {each.value: token for each in references if (token := self._token(each.value))}
        if model is None or not (ids or tokens):
            return wish, []
        found = await uploads.pin(self.db.pool, caller.account_id, ids.values(), tokens.values(), PIN_SECONDS)
        by_value = _by_value(found, ids, tokens)
        faults = [fault for each in references for fault in self._faults(each, each.value in ids, by_value)]
        links = {value: link_of(self.files or "", by_value[value]) for value in ids if value in by_value}
        measured = {**_measured(references, by_value), **wish.input}
        return replace(wish, input=model.with_references(measured, links)), faults

    def moves(self, submissions: Sequence[Submission]) -> bool:
        """Whether any of them holds more data than may travel."""
        return any(inline_bytes(each.input) > self.inline_bytes for each in submissions)

    async def moved(self, caller: Caller, submissions: Sequence[Submission]) -> list[Submission]:
        """The same with links for data URIs, where those are too large to travel. Raises Problem like
        KeepUpload, with the input's field.
        """
        links: dict[str, str] = {}
        return [await self._moved(caller, each, links) for each in submissions]

    async def _moved(self, caller: Caller, submission: Submission, links: dict[str, str]) -> Submission:
        model = self.catalog.get(submission.model)
        if model is None or self.files is None or inline_bytes(submission.input) <= self.inline_bytes:
            return submission
        for each in model.references(submission.input):
            if each.value[:5].lower() == "data:" and each.value not in links:
                links[each.value] = link_of(self.files, await self._kept(caller, each))
        return replace(submission, input=model.with_references(submission.input, links))

    async def _kept(self, caller: Caller, reference: Reference) -> Upload:
        content = b64decode(reference.value.partition(",")[2])
        kinds = frozenset({reference.medium})
        claim = Claim(
            caller.account_id,
            caller.tier,
            kinds=kinds,
            param=reference.path,
            seconds=PIN_SECONDS,
            looked_into=False,
        )
        return await self.keep(claim, whole(content))

    def _token(self, value: str) -> str | None:
        prefix = f"{self.files}/"
        if self.files is None or not value.startswith(prefix):
            return None
        token = value.removeprefix(prefix).partition("/")[0]
        return token if _TOKEN.fullmatch(token) else None

    def _faults(self, reference: Reference, by_id: bool, found: Mapping[str, Upload]) -> list[Detail]:
        upload = found.get(reference.value)
        if upload is None:
            message = "names no upload of this account (any more)"
            return [Detail(reference.path, "upload_not_found", message)] if by_id else []
        if upload.kind != reference.medium:
            message = f"must be of kind {reference.medium}; the upload is of kind {upload.kind}"
            return [Detail(reference.path, "wrong_media_kind", message)]
        if by_id and self.files is None:
            message = "can't be an upload: this installation has no public address (GATEWAY_PUBLIC_URL)"
            return [Detail(reference.path, "uploads_unavailable", message)]
        return []


def _measured(references: Sequence[Reference], found: Mapping[str, Upload]) -> dict[str, int]:
    """The fields that count an upload's seconds: whole ones, at least 1."""
    return {
        each.seconds: max(1, -(-duration // 1000))
        for each in references
        if each.seconds and each.value in found and (duration := found[each.value].duration_ms) is not None
    }


def _by_value(
    found: Sequence[Upload], ids: Mapping[str, UUID], tokens: Mapping[str, str]
) -> dict[str, Upload]:
    """The uploads by what names them in the input."""
    by_id, by_token = {each.id: each for each in found}, {each.token: each for each in found}
    named: dict[str, Any] = {value: by_id.get(each) for value, each in ids.items()}
    named |= {value: by_token.get(each) for value, each in tokens.items()}
    return {value: upload for value, upload in named.items() if upload is not None}
