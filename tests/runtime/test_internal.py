import httpx
import pytest
from runtime.internal import InternalClient, InternalError, InternalRoutes, Refusal, answer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response


async def _echo(request: Request) -> Response:
    body = await request.body()
    if body == b"{}":
        raise Refusal(422, "empty", "Say something.", "body")
    return answer({"said": body.decode(), "q": dict(request.query_params)}, 201)


async def _fall(_: Request) -> Response:
    return Response(b"<html>", 502)


def client(token: str) -> InternalClient:
    routes = InternalRoutes("right")
    app = Starlette(routes=[routes.route("POST", "/echo", _echo), routes.route("GET", "/fall", _fall)])
    made = InternalClient("ledger", "http://ledger", token)
    made._http = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=made._http.base_url, headers=made._http.headers
    )
    return made


async def test_a_service_answers_another_that_has_the_token():
    said = await client("right").ask("POST", "/echo", params={"a": "b"}, body=[1])
    assert said == {"said": "[1]", "q": {"a": "b"}}


async def test_a_refusal_arrives_as_it_was_meant():
    with pytest.raises(Refusal) as caught:
        await client("right").ask("POST", "/echo", body={})
    refusal = caught.value
    assert (refusal.status, refusal.code, refusal.param) == (422, "empty", "body")


async def test_a_wrong_token_a_fault_and_a_missing_route_are_told_apart():
    with pytest.raises(InternalError, match="ledger answered 401"):
        await client("wrong").ask("POST", "/echo", body=[1])
    with pytest.raises(InternalError, match="ledger answered 502"):
        await client("right").ask("GET", "/fall")
    with pytest.raises(Refusal) as caught:
        await client("right").ask("GET", "/nowhere")
    assert caught.value.status == 404
