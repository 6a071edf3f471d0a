"""A customer's server on a real socket: it keeps what came and answers as a test wants."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Came:
    """A request: header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Plan:
    """How a path is answered: after `hold`, with more headers and a body."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    hold: asyncio.Event | None = None


@dataclass
class Receiver:
    """`plans` by path; what isn't planned is 204. A list is worked off, its last plan stays."""

    port: int = 0
    came: list[Came] = field(default_factory=list)
    plans: dict[str, list[Plan]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def at(self, path: str) -> list[Came]:
        return [each for each in self.came if each.path == path]

    def plan(self, path: str, *plans: Plan) -> None:
        self.plans[path] = list(plans)

    def next_plan(self, path: str) -> Plan:
        plans = self.plans.get(path)
        if not plans:
            return Plan()
        return plans.pop(0) if len(plans) > 1 else plans[0]


async def _read(reader: asyncio.StreamReader) -> Came:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {n.lower(): v.strip() for n, v in (line.split(":", 1) for line in head[1:] if ":" in line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Came(head[0].split(" ")[1], headers, body)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Serve on a free port until the context ends."""
    receiver = Receiver()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            came = await _read(reader)
            receiver.came.append(came)
            plan = receiver.next_plan(came.path)
            if plan.hold is not None:
                await plan.hold.wait()
            head = "".join(f"{name}: {value}\r\n" for name, value in plan.headers.items())
            fixed = f"connection: close\r\ncontent-length: {len(plan.body)}\r\n"
            writer.write(f"HTTP/1.1 {plan.status} X\r\n{fixed}{head}\r\n".encode() + plan.body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        for plans in receiver.plans.values():
            for plan in plans:
                if plan.hold is not None:
                    plan.hold.set()
        server.close()
