"""Files that customers bring: their ids, their names, how large they may be."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from contracts.ids import from_text, to_text

from gateway.domain.media_files import ENDINGS, KINDS, MediaKind

PREFIX, SCHEME = "file_", "upload://"
_MOST_STEM = 100
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*%#;&\\/]+')
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was checked and can be used. Sizes in bytes and pixels, duration in milliseconds."""

    id: UUID
    account_id: UUID
    token: str
    bucket: str
    object_key: str
    file_name: str
    kind: MediaKind
    content_type: str
    size_bytes: int
    sha256: str
    width: int | None
    height: int | None
    duration_ms: int | None
    created_at: datetime
    expires_at: datetime

    @property
    def own_name(self) -> str:
        """Its id with the ending of its type: a name that no other file has."""
        return f"{upload_text(self.id)}.{ENDINGS[self.content_type]}"


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What an upload may be. Bytes per kind and per tier (the smaller one counts), pixels of a picture."""

    kind_bytes: Mapping[MediaKind, int]
    tier_bytes: Mapping[str, int]
    pixels: int

    def most_bytes(self, tier: str, kind: MediaKind) -> int:
        """The size of the largest file of a kind."""
        return min(self.kind_bytes[kind], self.tier_bytes.get(tier, 0))

    def most_of_any(self, tier: str) -> int:
        """The size of the largest file."""
        return max(self.most_bytes(tier, kind) for kind in KINDS)


def upload_text(upload_id: UUID) -> str:
    """An upload's id as clients see it."""
    return to_text(PREFIX, upload_id)


def upload_from_text(text: str) -> UUID | None:
    """The id in `file_…`, `upload://file_…` or a file's own name; None if it is none of them."""
    return from_text(PREFIX, text.removeprefix(SCHEME).partition(".")[0])


def link_of(files: str, upload: Upload) -> str:
    """Its link; `files` is where links begin."""
    return f"{files}/{upload.token}/{quote(upload.file_name)}"


def safe_name(claimed: str | None, content_type: str) -> str:
    """The last part of a name that a client gave, without what could mean something to a shell, a browser or
    a file system, and with the ending of what the file really is.
    """
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", claimed or ""))[-1]
    stem = last.rpartition(".")[0] or last
    shown = "".join(each for each in stem if unicodedata.category(each) not in _HIDDEN)
    clean = " ".join(_UNSAFE.sub("_", shown).split()).strip(". ")[:_MOST_STEM].strip(". ")
    return f"{clean or content_type.partition('/')[0]}.{ENDINGS[content_type]}"
