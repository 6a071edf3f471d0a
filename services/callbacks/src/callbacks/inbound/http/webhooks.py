"""`POST /api/v1/video/callback/{provider}?account=&task=&attempt=&token=`: where providers call back.

The address is proven before the body is read, so that a stranger costs no memory; where only the provider's
signature can prove it, a few bodies are read at a time. Neither the body nor the
headers nor the token are ever logged.
"""

import asyncio
from uuid import UUID

import structlog
from runtime import failpoints, trace
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from callbacks import metrics
from callbacks.domain import address
from callbacks.domain.refusals import BodyTooLarge, BodyTooSlow, Refused
from callbacks.domain.webhook import MAX_BODY_BYTES, Reference
from callbacks.inbound.http import errors
from callbacks.usecases.receive_webhook import Delivery, Reception

log = structlog.get_logger()

PATH = "/api/v1/video/callback/{provider}"
BODY_SECONDS = 10.0
_RECEIVED = b'{"received":true}'
_JSON = "application/json"


class WebhookEndpoint:
    """The route's handler."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    async def __call__(self, request: Request) -> Response:
        """200 once it is on disk, also for a repeat."""
        try:
            return await self._take(request)
        except Refused as refusal:
            metrics.WEBHOOKS.labels(refusal.code).inc()
            log.info("webhook_refused", code=refusal.code)
            return errors.refused(refusal)
        except ClientDisconnect:
            metrics.WEBHOOKS.labels("disconnected").inc()
            return Response(status_code=400)
        except Exception as error:
            metrics.WEBHOOKS.labels("unavailable").inc()
            log.warning("webhook_not_stored", error=type(error).__name__)
            return errors.unavailable()

    async def _take(self, request: Request) -> Response:
        provider, query = request.path_params["provider"], request.query_params
        self._reception.require_provider(provider)
        reference, token = address.reference(provider, query), query.get("token", "")
        proven = self._reception.proven(reference, token)
        headers = dict(request.headers.items())
        traceparent = trace.accept(headers.get("traceparent"))
        with self._reception.reading(proven):
            body = await _body(request)
            delivery = Delivery(reference, token, proven, headers, body, traceparent)
            news = await self._reception.receive(delivery)
        await failpoints.reach("callbacks.stored")
        _note(reference, news)
        return Response(_RECEIVED, media_type=_JSON)


async def _body(request: Request) -> bytes:
    """The whole body. Raises BodyTooLarge as soon as that is known, BodyTooSlow after `BODY_SECONDS`."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
        raise BodyTooLarge(f"a webhook has at most {MAX_BODY_BYTES} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise BodyTooLarge(f"a webhook has at most {MAX_BODY_BYTES} bytes")
    except TimeoutError:
        raise BodyTooSlow(f"the body took longer than {BODY_SECONDS:.0f} seconds") from None
    return bytes(body)


def _note(reference: Reference, news: bool) -> None:
    metrics.WEBHOOKS.labels("new" if news else "repeated").inc()
    log.info(
        "webhook_received",
        provider=reference.provider,
        account_id=_text(reference.account_id),
        task_id=_text(reference.task_id),
        attempt=reference.attempt,
        news=news,
    )


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
