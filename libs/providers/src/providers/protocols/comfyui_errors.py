"""ComfyUI's errors: `{"error": …, "node_errors": {node: {"errors": […], "class_type"}}}`.

An error is {type, message, details, extra_info}. Source: execution.py (validate_prompt) and server.py of
v0.3.64. A node's complaint about a value is about the customer's input; one about a file that isn't
installed, or about the graph, is about this server: another may do.
"""

from typing import Any

from providers import reading
from providers.http import HttpResponse
from providers.outcomes import BadCredentials, Failed, InvalidInput, OutOfQuota, Throttled, Unknown

ABOUT_INPUT = {
    "value_smaller_than_min",
    "value_bigger_than_max",
    "invalid_input_type",
    "custom_validation_failed",
}
"""What a node says of a value from the input. `value_not_in_list` is mostly a model that isn't installed."""


def refusal(
    response: HttpResponse,
) -> Failed | InvalidInput | Throttled | OutOfQuota | BadCredentials | Unknown:
    """Why a submit was not accepted; Unknown where it may have been."""
    call = _call_level(response)
    if call is not None:
        return call
    if response.status >= 500 or response.status < 400 or response.status == 408:
        return Unknown(_words(response))
    body = reading.json_object(response.body)
    code = reading.message(reading.member(body, "error", "type"), f"http_{response.status}")
    return _about_nodes(body) or Failed(code, _words(response))


def dropped_outputs(body: object) -> Failed | InvalidInput | None:
    """What was wrong with the nodes that an accepted job leaves out; None when it leaves none out."""
    errors = reading.member(body, "node_errors")
    return (_about_nodes(body) or Failed("node_errors", "some nodes were left out")) if errors else None


def call_fault(response: HttpResponse) -> Throttled | OutOfQuota | BadCredentials | Unknown:
    """Why a poll or cancel was not answered."""
    return _call_level(response) or Unknown(_words(response))


def upload_fault(response: HttpResponse) -> InvalidInput | Throttled | OutOfQuota | BadCredentials | Unknown:
    """Why an upload didn't work: 400 for a name or folder, 413 for the server's limit of bytes."""
    if response.status in {400, 413}:
        return InvalidInput(_words(response))
    return call_fault(response)


def _call_level(response: HttpResponse) -> Throttled | OutOfQuota | BadCredentials | None:
    """What a proxy says: ComfyUI itself knows neither keys nor limits."""
    if response.status == 402:
        return OutOfQuota(_words(response))
    if response.status == 429:
        return Throttled(reading.retry_after(response.headers))
    if response.status in {401, 403, 407}:
        return BadCredentials(_words(response))
    return None


def _about_nodes(body: object) -> Failed | InvalidInput | None:
    nodes = reading.member(body, "node_errors")
    found = [
        (reading.message(reading.member(node, "class_type"), "node"), error)
        for node in (nodes.values() if isinstance(nodes, dict) else ())
        for error in _list(reading.member(node, "errors"))
    ]
    if not found:
        return None
    kinds = [reading.message(reading.member(error, "type"), "node_error") for _, error in found]
    said = reading.message("; ".join(f"{name}: {_complaint(error)}" for name, error in found))
    if all(kind in ABOUT_INPUT for kind in kinds):
        param = reading.message(reading.member(found[0][1], "extra_info", "input_name")) or None
        return InvalidInput(said, param)
    return Failed(next(kind for kind in kinds if kind not in ABOUT_INPUT), said)


def _complaint(error: object) -> str:
    said = reading.message(reading.member(error, "message"), "invalid")
    details = reading.message(reading.member(error, "details"))
    return f"{said} ({details})" if details else said


def _words(response: HttpResponse) -> str:
    error = reading.member(reading.json_object(response.body), "error")
    if reading.text(reading.member(error, "message")) is None:
        return reading.describe(response)
    return reading.message(_complaint(error))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
