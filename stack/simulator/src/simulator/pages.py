"""What isn't a provider's: the front page, health, and answers to paths that nobody has."""

from collections.abc import Mapping
from html import escape

from simulator.control import ABOUT
from simulator.facts import PROVIDERS
from simulator.provider import Provider
from simulator.web import ProviderError, reply
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_RULES = (
    "Any key works except <code>bad-key</code>; no key is refused.",
    "The model <code>no-such-model-0</code> is unknown.",
    "A job is never finished when its submit is answered.",
    "Results are real files of the asked kind, length and size (videos H.264, AAC sound when asked), or one "
    "small one of each format with <code>render: cached</code>.",
    "Input URLs that can't be fetched are ignored, unless <code>strict_inputs</code> is on.",
)


def routes() -> list[Route]:
    """The front page and health."""
    return [
        Route("/healthz", _healthy, methods=["GET"]),
        Route("/readyz", _healthy, methods=["GET"]),
        Route("/", _front, methods=["GET"]),
    ]


def not_here(providers: Mapping[str, Provider], request: Request, status: int) -> Response:
    """404 and 405 in the shape of the provider whose prefix the path has."""
    text = f"{request.method} {request.url.path} doesn't exist."
    provider = providers.get(request.url.path.split("/")[1])
    if provider is None:
        return reply({"error": f"{text} See / and /_control."}, status)
    return provider.refuse(ProviderError(status, provider.fault(404).code, text))


async def _healthy(request: Request) -> Response:
    del request
    return reply({"status": "ok"})


async def _front(request: Request) -> Response:
    del request
    bases = "".join(f"<li>{escape(each.title)}: <code>{each.base}</code></li>" for each in PROVIDERS.values())
    rules = "".join(f"<li>{rule}</li>" for rule in _RULES)
    tables = ""
    for title, content in ABOUT.items():
        if isinstance(content, dict):
            rows = "".join(
                f"<dt><code>{escape(k)}</code></dt><dd>{escape(v)}</dd>" for k, v in content.items()
            )
            tables += f"<h2>{escape(title)}</h2><dl>{rows}</dl>"
    dials = "".join(
        f"<dt><code>{escape(k)}</code></dt><dd>{escape(v)}</dd>"
        for k, v in ABOUT.items()
        if isinstance(v, str)
    )
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Provider simulator</title>"
        "<body style='font:16px/1.5 sans-serif;max-width:48em;margin:2em auto'><h1>Provider simulator</h1>"
        f"<ul>{bases}</ul><ul>{rules}</ul><h2>Control</h2><dl>{dials}</dl>{tables}</body></html>"
    )
