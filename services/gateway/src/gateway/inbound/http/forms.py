"""Bodies with a fixed shape: a pydantic model says what may be there, its faults become ours."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from gateway.domain.problem import Detail, Problem
from gateway.inbound.http.body import parse_object, read_body

_CODES = {"missing": "required", "extra_forbidden": "unknown_field"}
_MESSAGES = {"missing": "is required", "extra_forbidden": "is not a field of this request"}


class Form(BaseModel):
    """Base of request bodies: strict about names and types."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


F = TypeVar("F", bound=BaseModel)


async def read_form(request: Request, form: type[F], limit: int = 65_536) -> F:
    """The body as a form. Raises Problem 400, 413 or 422 with every fault."""
    return as_form(parse_object(await read_body(request, limit)), form)


def as_form(values: Mapping[str, Any], form: type[F]) -> F:
    """Values as a form. Raises Problem 422 with every fault."""
    try:
        return form.model_validate(values)
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> Problem:
    details = tuple(_detail(each) for each in error.errors(include_url=False, include_input=False))
    first = details[0]
    message = f"{first.param} {first.message}"
    return Problem(422, first.code, message, param=first.param, details=details)


def _detail(fault: Any) -> Detail:
    param = ".".join(map(str, fault["loc"]))[:200] or "body"
    kind = str(fault["type"])
    message = _MESSAGES.get(kind) or f"is not right: {fault['msg'][:1].lower()}{fault['msg'][1:]}"
    return Detail(param, _CODES.get(kind, "invalid"), message)
