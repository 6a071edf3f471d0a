"""Structured logs: events with ids, on standard error. No secret, no prompt text at INFO."""

import logging
import sys
from typing import Any

import orjson
import structlog

from runtime.trace import current_traceparent


def configure(service: str, *, level: str = "INFO", style: str = "json") -> None:
    """Set up structlog and the standard library's loggers once, at start."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    renderer: Any = structlog.processors.JSONRenderer(serializer=_dumps)
    if style == "console":
        renderer = structlog.dev.ConsoleRenderer()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _add_trace,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # its warnings at start are harmless (reference 8)


def _dumps(value: Any, default: Any = None, **_: Any) -> str:
    return orjson.dumps(value, default=default or str).decode()


def _add_trace(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    traceparent = current_traceparent()
    if traceparent:
        event["trace_id"] = traceparent[3:35]
    return event
