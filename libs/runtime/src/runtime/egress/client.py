"""The HTTP client for addresses that somebody else chose. Nothing goes around its gate."""

import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from runtime import tracing
from runtime.egress.backend import GatedBackend, Resolver, system_resolver
from runtime.egress.policy import EgressPolicy


class GatedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport over a pool whose connections are made by the gate.

    httpx 0.28 has no parameter for a network backend, so its pool is replaced; a test notices if an update
    should stop using it.
    """

    def __init__(
        self,
        policy: EgressPolicy,
        resolver: Resolver,
        max_connections: int,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        context = ssl_context or httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False)
        self._policy = policy
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=max_connections,
            max_keepalive_connections=max_connections,
            keepalive_expiry=15.0,
            network_backend=GatedBackend(policy, resolver),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; EgressRefusedError when its URL or address is none we go to."""
        self._policy.check_url(request.url)
        url = request.url
        attributes: tracing.Attributes = {
            "http.request.method": request.method,
            "url.scheme": url.scheme,
            "server.address": url.host,  # no more of it: paths and queries of these addresses hold secrets
            "server.port": url.port,
        }
        with tracing.within(request.method, "client", attributes) as span:
            response = await super().handle_async_request(request)
            if span is not None:
                span.note({"http.response.status_code": response.status_code})
            return response


def egress_client(
    policy: EgressPolicy,
    *,
    resolver: Resolver = system_resolver,
    connect_seconds: float = 10.0,
    idle_seconds: float = 30.0,
    max_connections: int = 100,
    user_agent: str = "framebus/1",
    ssl_context: ssl.SSLContext | None = None,
) -> httpx.AsyncClient:
    """Make a client that reads no proxy settings, follows no redirect and keeps no cookie.

    ``idle_seconds`` bounds each wait for bytes; ``ssl_context`` carries an operator's own authority. The
    caller closes the client.
    """
    return httpx.AsyncClient(
        transport=GatedTransport(policy, resolver, max_connections, ssl_context),
        timeout=httpx.Timeout(idle_seconds, connect=connect_seconds),
        headers={"user-agent": user_agent, "accept": "*/*", "accept-encoding": "identity"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=False,
    )
