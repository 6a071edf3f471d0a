"""An order in OpenAI's words: mapped to the model's, taken, and faults mapped back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog.catalog import Catalog
from catalog.model import Model
from starlette.requests import Request

from gateway.db.keys import Caller
from gateway.domain.admission import Submission
from gateway.domain.openai import Mapped, Place, map_fields
from gateway.domain.problem import Detail, Problem
from gateway.domain.wishes import Wish
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.headers import idempotency_key
from gateway.inbound.http.openai.bodies import Body
from gateway.usecases.take_order import Sent, Taken, TakeOrder

SURFACE = "openai"
OWN = frozenset({"model", "metadata", "user"})
"""Fields that are about the request and not about what is generated."""

_NO_ANSWER: Callable[[Sequence[Submission]], bytes] = lambda _: b""  # noqa: E731 - written from the tasks


@dataclass(frozen=True, slots=True)
class Words:
    """What kinds of models a route serves, and where OpenAI's fields go in their inputs."""

    kinds: frozenset[str]
    places: Mapping[str, Place]
    noun: str
    own: frozenset[str] = frozenset()
    """Fields that the route itself uses."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Takes orders for the façade's routes."""

    admit: Admit
    take: TakeOrder
    catalog: Catalog

    async def __call__(
        self,
        request: Request,
        caller: Caller,
        body: Body,
        words: Words,
        *,
        slug: Any,
        count: int = 1,
        answer: Callable[[Sequence[Submission]], bytes] = _NO_ANSWER,
    ) -> Taken:
        """Accept `count` tasks, or nothing. Raises Problem, its `param` in OpenAI's words."""
        mapped, faults = self._mapped(slug, body, words)
        sent = Sent(
            caller=caller,
            surface=SURFACE,
            request_id=request.scope["request_id"],
            traceparent=request.scope["traceparent"],
            size=body.size,
            idempotency_key=idempotency_key(request.headers.get("idempotency-key")),
            fingerprint=f"{request.scope['path']} {body.fingerprint}",
            faults=faults,
        )
        wish = Wish(slug, mapped.input, body.fields.get("metadata"))
        try:
            taken = await self.take(sent, [wish] * count, answer)
        except Problem as problem:
            raise _in_our_words(problem, mapped.names) from None
        self.admit.note(request, taken.quota)
        return taken

    def _mapped(self, slug: Any, body: Body, words: Words) -> tuple[Mapped, list[Detail]]:
        model = self.catalog.get(slug) if isinstance(slug, str) else None
        if model is None:  # TakeOrder says so, after the replay
            return Mapped({}, (), {}), []
        mapped = map_fields(model.schema["properties"], body.fields, words.places, OWN | words.own)
        return mapped, [*_kind_fault(model, words), *mapped.faults]


def _kind_fault(model: Model, words: Words) -> list[Detail]:
    if model.kind in words.kinds:
        return []
    return [Detail("model", "unsupported_model", f"{model.slug} makes no {words.noun}; see GET /v1/models")]


def _in_our_words(problem: Problem, names: Mapping[str, str]) -> Problem:
    details = tuple(replace(each, param=_renamed(each.param, names)) for each in problem.details)
    param = _renamed(problem.param, names) if problem.param else None
    message = f"{details[0].param} {details[0].message}" if details else problem.message
    return Problem(
        problem.status,
        problem.code,
        message,
        param=param,
        details=details,
        headers=problem.headers,
        amounts_micro=problem.amounts_micro,
    )


def _renamed(param: str, names: Mapping[str, str]) -> str:
    """`input.duration` is what was sent as `seconds`."""
    if param == "input":
        return "prompt"
    field = param.removeprefix("input.")
    name, *rest = field.split(".")
    return ".".join([names.get(name, name), *rest]) if name not in names else names[name]
