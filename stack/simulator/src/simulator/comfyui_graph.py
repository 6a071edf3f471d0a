"""Reads a workflow graph as ComfyUI does (execution.py, validate_prompt): each output, down its links."""

from collections.abc import Callable, Iterator
from typing import Any, TypeGuard

from simulator.comfyui_node import ANY, MODEL_SUFFIXES, Input, Node
from simulator.comfyui_nodes import CORE
from simulator.comfyui_packs import PACKS
from simulator.web import ProviderError

NODES: dict[str, Node] = {**CORE, **PACKS}
"""All that is installed."""
_NUMBERS: dict[str, Callable[[Any], Any]] = {"INT": int, "FLOAT": float}


class GraphError(ProviderError):
    """A graph that ComfyUI doesn't take: `{"error", "node_errors"}`."""

    def __init__(
        self, kind: str, message: str, details: str = "", nodes: dict[str, Any] | None = None
    ) -> None:
        super().__init__(400, kind, message)
        self.body = {
            "error": {"type": kind, "message": message, "details": details, "extra_info": {}},
            "node_errors": nodes or {},
        }


class Graph:
    """A graph of which at least one output can be made. Raises GraphError from the constructor."""

    def __init__(self, prompt: Any, uploaded: Callable[[str], bool]) -> None:
        if not isinstance(prompt, dict) or not prompt:
            raise GraphError("prompt_no_outputs", "Prompt has no outputs")
        self._nodes: dict[str, dict[str, Any]] = prompt
        self._uploaded = uploaded
        for node_id, node in prompt.items():
            _check_class(node_id, node)
        outputs = [node_id for node_id in prompt if self._class(node_id).makes]
        if not outputs:
            raise GraphError("prompt_no_outputs", "Prompt has no outputs")
        faults = {node_id: self._faults(node_id) for node_id in prompt}
        wrong = {output: [n for n in self.ancestors(output) if faults[n]] for output in outputs}
        self.outputs = [output for output in outputs if not wrong[output]]
        """The output nodes that will run."""
        self.node_errors = self._told(faults, wrong)
        if not self.outputs:
            first = next(fault for each in faults.values() for fault in each)
            details = f"{first['message']}: {first['details']}"
            kind = "prompt_outputs_failed_validation"
            raise GraphError(kind, "Prompt outputs failed validation", details, self.node_errors)

    def ancestors(self, node_id: str) -> list[str]:
        """The node and everything that it is made of, nearest first."""
        found, waiting = [], [node_id]
        while waiting:
            current = waiting.pop(0)
            if current in found or current not in self._nodes:
                continue
            found.append(current)
            waiting += [str(value[0]) for value in self._inputs(current).values() if _is_link(value)]
        return found

    def values(self, node_id: str, *names: str) -> Iterator[Any]:
        """What the node and its ancestors have for inputs of these names, links aside."""
        for each in self.ancestors(node_id):
            inputs = self._inputs(each)
            yield from (inputs[name] for name in names if name in inputs and not _is_link(inputs[name]))

    def class_of(self, node_id: str) -> str:
        """The node's class."""
        return str(self._nodes[node_id]["class_type"])

    def given(self, node_id: str, name: str, default: Any) -> Any:
        """One input of one node."""
        return self._inputs(node_id).get(name, default)

    def prompt(self) -> str:
        """The text behind the first `positive`, else the first text there is."""
        for node_id in self._nodes:
            link = self._inputs(node_id).get("positive")
            if _is_link(link):
                text = next(self._texts(str(link[0])), "")
                if text:
                    return text
        return next((text for node_id in self._nodes for text in self._texts(node_id)), "")

    def model(self) -> str:
        """The first model file that is loaded, for the log."""
        names = ("ckpt_name", "unet_name", "model_name", "dreamidv_model", "model", "version")
        found = (self._inputs(node_id).get(name) for name in names for node_id in self._nodes)
        return next((each for each in found if isinstance(each, str)), "workflow")

    def files(self) -> list[str]:
        """The input files that loading nodes name."""
        return [
            str(self._inputs(node_id)[name])
            for node_id in self._nodes
            for name, wanted in self._class(node_id).required.items()
            if wanted.files == "input" and name in self._inputs(node_id)
        ]

    def _texts(self, node_id: str) -> Iterator[str]:
        return (
            each
            for each in self.values(node_id, "text", "tags", "prompt", "value")
            if isinstance(each, str) and each
        )

    def _inputs(self, node_id: str) -> dict[str, Any]:
        inputs = self._nodes[node_id].get("inputs")
        return inputs if isinstance(inputs, dict) else {}

    def _class(self, node_id: str) -> Node:
        return NODES[self._nodes[node_id]["class_type"]]

    def _faults(self, node_id: str) -> list[dict[str, Any]]:
        node, inputs, found = self._class(node_id), self._inputs(node_id), []
        for name, wanted in {**node.required, **node.optional}.items():
            if name not in inputs:
                if name in node.required:
                    found.append(_fault("required_input_missing", "Required input is missing", name, name))
                continue
            fault = (
                self._link_fault(name, wanted, inputs[name])
                if _is_link(inputs[name])
                else self._value_fault(name, wanted, inputs[name])
            )
            found += [fault] if fault else []
        return found

    def _link_fault(self, name: str, wanted: Input, link: list[Any]) -> dict[str, Any] | None:
        source, slot = str(link[0]), link[1]
        if source not in self._nodes:
            return _fault(
                "exception_during_validation", "Exception when validating node", f"'{source}'", name
            )
        returns = self._class(source).returns
        if not isinstance(slot, int) or not 0 <= slot < len(returns):
            return _fault(
                "exception_during_validation",
                "Exception when validating node",
                "tuple index out of range",
                name,
            )
        if wanted.kind != "COMBO" and returns[slot] not in (wanted.kind, ANY):
            details = f"{name}, received_type({returns[slot]}) mismatch input_type({wanted.kind})"
            return _fault("return_type_mismatch", "Return type mismatch between linked nodes", details, name)
        return None

    def _value_fault(self, name: str, wanted: Input, value: Any) -> dict[str, Any] | None:
        if wanted.kind == "COMBO":
            return self._choice_fault(name, wanted, value)
        if wanted.kind in _NUMBERS:
            return _number_fault(name, wanted, value)
        if wanted.kind in ("STRING", "BOOLEAN"):
            return None
        details = f"{name}, received_value: {value!r}"
        return _fault(
            "bad_linked_input",
            "Bad linked input, must be a length-2 list of [node_id, slot_index]",
            details,
            name,
        )

    def _choice_fault(self, name: str, wanted: Input, value: Any) -> dict[str, Any] | None:
        if wanted.files == "input":
            if isinstance(value, str) and self._uploaded(value):
                return None
            details = f"{name} - Invalid image file: {value}"
            return _fault("custom_validation_failed", "Custom validation failed for node", details, name)
        installed = (
            isinstance(value, str) and value.endswith(MODEL_SUFFIXES) and "no-such-model-0" not in value
        )
        if value in wanted.choices or (wanted.files == "model" and installed):
            return None
        details = f"{name}: '{value}' not in {list(wanted.choices)}"
        return _fault("value_not_in_list", "Value not in list", details, name)

    def _told(self, faults: dict[str, list[dict[str, Any]]], wrong: dict[str, list[str]]) -> dict[str, Any]:
        """Of the nodes that keep an output from being made."""
        guilty = {node_id for each in wrong.values() for node_id in each}
        return {
            node_id: {
                "errors": faults[node_id],
                "dependent_outputs": [output for output, each in wrong.items() if node_id in each],
                "class_type": self.class_of(node_id),
            }
            for node_id in self._nodes
            if node_id in guilty
        }


def _check_class(node_id: str, node: Any) -> None:
    if not isinstance(node, dict) or "class_type" not in node:
        text = "Cannot execute because a node is missing the class_type property."
        raise GraphError("invalid_prompt", text, f"Node ID '#{node_id}'")
    if node["class_type"] not in NODES:
        text = f"Cannot execute because node {node['class_type']} does not exist."
        raise GraphError("invalid_prompt", text, f"Node ID '#{node_id}'")


def _number_fault(name: str, wanted: Input, value: Any) -> dict[str, Any] | None:
    try:
        number = _NUMBERS[wanted.kind](value)
    except (TypeError, ValueError, OverflowError):
        message = f"Failed to convert an input value to a {wanted.kind} value"
        return _fault("invalid_input_type", message, f"{name}, {value}", name)
    if number < wanted.spec["min"]:
        message = f"Value {number} smaller than min of {wanted.spec['min']}"
        return _fault("value_smaller_than_min", message, name, name)
    if number > wanted.spec["max"]:
        message = f"Value {number} bigger than max of {wanted.spec['max']}"
        return _fault("value_bigger_than_max", message, name, name)
    return None


def _fault(kind: str, message: str, details: str, name: str) -> dict[str, Any]:
    return {"type": kind, "message": message, "details": details, "extra_info": {"input_name": name}}


def _is_link(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list) and len(value) == 2
