"""Where links to files begin."""

from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request

from gateway.inbound.http.headers import base_url


@dataclass(frozen=True, slots=True)
class FileLinks:
    """`files_url`: a CDN in front of `/files`; without one `/files` below the public URL, or below the
    address that the request came to.
    """

    public_url: str | None
    files_url: str | None = None

    def base(self, request: Request) -> str:
        """Without a slash at the end."""
        return self.files_url.rstrip("/") if self.files_url else f"{base_url(request, self.public_url)}/files"

    def url(self, request: Request, token: str, file_name: str) -> str:
        """A file's link."""
        return f"{self.base(request)}/{token}/{quote(file_name)}"
