"""Where links begin: those to files, which a CDN may serve, and those to this API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.requests import Request

from gateway.inbound.http.headers import base_url


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where this API's own addresses begin, and where files' links do; without a slash at the end."""

    api: str
    files: str

    def file(self, asset: Mapping[str, Any]) -> str:
        """A result's link."""
        return f"{self.files}/{asset['token']}/{quote(asset['file_name'])}"


@dataclass(frozen=True, slots=True)
class FileLinks:
    """`files_url`: a CDN in front of `/files`; without one `/files` below the public URL, or below the
    address that the request came to.
    """

    public_url: str | None
    files_url: str | None = None

    def at(self, request: Request) -> Addresses:
        """As who asks reaches them."""
        api = base_url(request, self.public_url)
        return Addresses(api, self.files_url.rstrip("/") if self.files_url else f"{api}/files")

    def base(self, request: Request) -> str:
        """Where files' links begin, without a slash at the end."""
        return self.at(request).files

    def url(self, request: Request, token: str, file_name: str) -> str:
        """A file's link."""
        return self.at(request).file({"token": token, "file_name": file_name})
