"""The parts and how they are joined."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
from simulator import pages
from simulator.ark import Ark
from simulator.comfyui import ComfyUI
from simulator.control import Control
from simulator.dashscope import DashScope
from simulator.fal import Fal
from simulator.files import FileStore
from simulator.gemini import Gemini
from simulator.intake import Intake
from simulator.jobs import JobStore
from simulator.journal import Journal
from simulator.knobs import ControlPanel
from simulator.luma import Luma
from simulator.openai import OpenAI
from simulator.openai_webhooks import Webhooks
from simulator.provider import Provider
from simulator.render.pool import RenderPool
from simulator.replicate import Replicate
from simulator.runner import JobRunner
from simulator.runway import Runway
from simulator.settings import Settings
from simulator.vertex import Vertex
from simulator.webhooks import Announcing, CallbackSender
from simulator.wiretap import Recorder, Wiretap
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_PROVIDERS: tuple[Callable[[Intake, FileStore], Provider], ...] = (
    Ark,
    ComfyUI,
    DashScope,
    Fal,
    Gemini,
    Luma,
    Replicate,
    Runway,
    Vertex,
)


class Simulator:
    """The ASGI application. Its routes are there once the server has run its start-up."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._providers: dict[str, Provider] = {}
        self._app = Starlette(lifespan=self._lifespan, exception_handlers={HTTPException: self._not_here})
        self._served: ASGIApp = self._app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep uvicorn's transport in reach: `web.cut` breaks connections with it."""
        if scope["type"] == "http":
            scope["simulator.transport"] = getattr(getattr(send, "__self__", None), "transport", None)
        await self._served(scope, receive, send)

    async def _not_here(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return pages.not_here(self._providers, request, status)

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        with _data_dir(self._settings) as data_dir:
            async with _session() as session:
                parts = _Parts(self._settings, data_dir, session)
                self._served = parts.mount(app)
                self._providers = parts.runner.providers
                parts.runner.restore()
                await parts.runner.prepare()
                yield
                await parts.close()


class _Parts:
    """Everything that lives as long as the server."""

    def __init__(self, settings: Settings, data_dir: Path, session: aiohttp.ClientSession) -> None:
        panel, store = ControlPanel(settings), JobStore()
        files = FileStore(data_dir / "files", panel)
        self._journal = Journal(data_dir / "jobs.jsonl" if settings.data_dir else None)
        self._pool = RenderPool(settings.render_processes, settings.font_path)
        self._callbacks = CallbackSender(
            session,
            panel,
            timeout_seconds=settings.callback_timeout_seconds,
            retry_seconds=settings.callback_retry_seconds,
        )
        self.runner = JobRunner(
            panel=panel, store=store, journal=self._journal, files=files, pool=self._pool,
            callbacks=self._callbacks, session=session,
        )  # fmt: skip
        intake = Intake(panel=panel, store=store, runner=self.runner, public_url=settings.public_url)
        webhooks = Webhooks(self._callbacks)
        openai = OpenAI(intake, files, webhooks)
        providers = [openai, *(speaks(intake, files) for speaks in _PROVIDERS)]
        self.runner.providers = {each.name: each for each in providers}
        self.runner.on_reset.append(webhooks.clear)
        callers = [each for each in providers if isinstance(each, Announcing)]
        self._callbacks.announce = {each.name: each.announce for each in callers}
        self._panel, self._recorder = panel, Recorder()
        self._control = Control(panel, store, self.runner, files, self._recorder)

    def mount(self, app: Starlette) -> ASGIApp:
        """Add all routes, the most called ones first; what is to be served is around them."""
        for provider in self.runner.providers.values():
            app.router.routes.extend(provider.routes())
        app.router.routes.extend([*self._control.routes(), *pages.routes()])
        return Wiretap(app, self._panel, self._recorder)

    async def close(self) -> None:
        """Stop the clocks; jobs that aren't final are in the journal."""
        await self.runner.close()
        await self._callbacks.close()
        await self._pool.close()
        self._journal.close()


@contextmanager
def _data_dir(settings: Settings) -> Iterator[Path]:
    if settings.data_dir is not None:
        yield settings.data_dir
        return
    with tempfile.TemporaryDirectory(prefix="simulator-") as scratch:
        yield Path(scratch)


def _session() -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=256, limit_per_host=64)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def build_app(settings: Settings) -> Simulator:
    """The application to serve."""
    return Simulator(settings)
