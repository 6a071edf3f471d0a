"""An order in a surface's own words: mapped to the model's, taken, and faults mapped back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from catalog.catalog import Catalog
from catalog.model import Model
from starlette.requests import Request

from gateway.db.keys import Caller
from gateway.domain.admission import Submission
from gateway.domain.field_words import Mapped, Place, map_fields
from gateway.domain.problem import Detail, Problem
from gateway.domain.wishes import Wish
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.bodies import Body
from gateway.inbound.http.headers import idempotency_key
from gateway.usecases.take_order import Sent, Taken, TakeOrder

OWN = frozenset({"model", "metadata", "user"})
"""Fields that are about the request and not about what is generated."""

_NO_ANSWER: Callable[[Sequence[Submission]], bytes] = lambda _: b""  # noqa: E731 - written from the tasks

Vary = Callable[[Mapping[str, Any], int], Mapping[str, Any]]


def _unvaried(given: Mapping[str, Any], _: int) -> Mapping[str, Any]:
    return given


@dataclass(frozen=True, slots=True)
class Words:
    """What kinds of models a route serves, and where its fields go in their inputs."""

    kinds: frozenset[str]
    places: Mapping[str, Place]
    noun: str
    own: frozenset[str] = frozenset()
    """Fields that the route itself uses."""
    listed_at: str = "/v1/models"
    """Where the surface lists its models."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What a model's field is called here when a request lacks it."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Takes orders for the routes of one surface."""

    surface: str
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
        vary: Vary = _unvaried,
    ) -> Taken:
        """Accept `count` tasks, or nothing; `vary` makes the input of each from the common one and its
        number. Raises Problem, its `param` in the surface's words."""
        mapped, faults = self._mapped(slug, body, words)
        sent = Sent(
            caller=caller,
            surface=self.surface,
            request_id=request.scope["request_id"],
            traceparent=request.scope["traceparent"],
            size=body.size,
            idempotency_key=idempotency_key(request.headers.get("idempotency-key")),
            fingerprint=f"{request.scope['path']} {body.fingerprint}",
            faults=faults,
        )
        metadata = body.fields.get("metadata")
        wishes = [Wish(slug, vary(mapped.input, number), metadata) for number in range(count)]
        try:
            taken = await self.take(sent, wishes, answer)
        except Problem as problem:
            raise _in_our_words(problem, {**words.names, **mapped.names}) from None
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
    return [
        Detail("model", "unsupported_model", f"{model.slug} makes no {words.noun}; see GET {words.listed_at}")
    ]


def _in_our_words(problem: Problem, names: Mapping[str, str]) -> Problem:
    details = tuple(replace(each, param=_renamed(each.param, names)) for each in problem.details)
    param = _renamed(problem.param, names) if problem.param else None
    message = f"{details[0].param} {details[0].message}" if details else problem.message
    return replace(problem, message=message, param=param, details=details)


def _renamed(param: str, names: Mapping[str, str]) -> str:
    """`input.duration` is what was sent as `seconds`."""
    if param == "input":
        return "prompt"
    own = param.removeprefix("input.")
    return names.get(own.partition(".")[0], own)
