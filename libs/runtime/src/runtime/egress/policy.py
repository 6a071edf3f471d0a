"""Where outgoing requests may go: schemes, ports, and hosts that the operator allows by name."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from runtime.egress.errors import EgressRefusedError

_HOST = re.compile(rb"[A-Za-z0-9._:-]+")


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Ports and schemes for public addresses, and (host, port) pairs that are exempt from all but http(s).

    An exempt pair matches the host as it is written in the URL, so a name doesn't exempt its neighbours.
    """

    allowed: frozenset[tuple[str, int]] = frozenset()
    ports: frozenset[int] = frozenset({80, 443})
    schemes: frozenset[str] = frozenset({"http", "https"})

    @classmethod
    def allowing(cls, hosts: Iterable[str] = (), *, https_only: bool = False) -> "EgressPolicy":
        """Make a policy from ``host:port`` texts; ValueError names one that isn't."""
        allowed = frozenset(parse_host_port(host) for host in hosts)
        if https_only:
            return cls(allowed, frozenset({443}), frozenset({"https"}))
        return cls(allowed)

    def exempts(self, host: str, port: int) -> bool:
        """True when the operator named this host and port."""
        return (_normal(host), port) in self.allowed

    def check_url(self, url: httpx.URL) -> None:
        """Refuse a URL by its looks. The addresses behind its name are judged when the connection is made."""
        if url.scheme not in {"http", "https"} or not _HOST.fullmatch(url.raw_host):
            raise EgressRefusedError("url_refused", "only http and https addresses are fetched")
        if url.userinfo:
            raise EgressRefusedError("url_refused", "an address with a user name or password is not fetched")
        port = port_of(url)
        if self.exempts(url.host, port):
            return
        if url.scheme not in self.schemes:
            raise EgressRefusedError("url_refused", f"the scheme {url.scheme} is not allowed")
        if port not in self.ports:
            raise EgressRefusedError("url_refused", f"the port {port} is not allowed")


def port_of(url: httpx.URL) -> int:
    """Return the port of an http(s) URL, the scheme's own when it names none."""
    return url.port or (443 if url.scheme == "https" else 80)


def parse_host_port(text: str) -> tuple[str, int]:
    """Read ``host:port`` or ``[v6]:port``."""
    try:
        parts = urlsplit(f"//{text.strip()}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is not host:port") from error
    if not host or port is None or parts.path or parts.username is not None:
        raise ValueError(f"{text!r} is not host:port")
    return _normal(host), port


def _normal(host: str) -> str:
    return host.lower().rstrip(".").strip("[]")
