"""What a class of nodes is, in the words of ComfyUI's `object_info`, and short ways to write one down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MODEL_SUFFIXES: Final = (".safetensors", ".ckpt", ".pt", ".pth", ".gguf", ".sft")
ANY: Final = "*"
"""A type that goes with every other."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input. A choice has `choices`, a link only its type."""

    kind: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    files: str = ""
    """`model`: any file that counts as installed; `input`: one that was uploaded."""

    def described(self) -> list[Any]:
        """As `object_info` says it."""
        kind: Any = list(self.choices) if self.kind == "COMBO" else self.kind
        return [kind, dict(self.spec)] if self.spec else [kind]


@dataclass(frozen=True, slots=True)
class Node:
    """One class of nodes."""

    category: str
    required: Mapping[str, Input]
    returns: tuple[str, ...] = ()
    optional: Mapping[str, Input] = field(default_factory=dict)
    makes: str = ""
    """For an output node: the list in the history that its files are in."""

    def described(self, name: str) -> dict[str, Any]:
        """As `object_info` says it."""
        parts = {"required": self.required, "optional": self.optional}
        return {
            "input": {
                part: {key: each.described() for key, each in has.items()} for part, has in parts.items()
            },
            "input_order": {part: list(has) for part, has in parts.items()},
            "output": list(self.returns),
            "output_is_list": [False] * len(self.returns),
            "output_name": list(self.returns),
            "name": name,
            "display_name": name,
            "description": "",
            "category": self.category,
            "output_node": bool(self.makes),
        }


def whole(default: int, least: int, most: int) -> Input:
    """A whole number within limits."""
    return Input("INT", {"default": default, "min": least, "max": most})


def number(default: float, least: float, most: float) -> Input:
    """A number within limits."""
    return Input("FLOAT", {"default": default, "min": least, "max": most})


def one_of(*choices: str) -> Input:
    """One of these texts."""
    return Input("COMBO", {}, choices)


def model_file(example: str) -> Input:
    """A file of a model; any that counts as installed will do."""
    return Input("COMBO", {}, (example,), "model")


def links(*kinds: str) -> dict[str, Input]:
    """Inputs that other nodes fill, named in lower case after their types."""
    return {kind.lower(): Input(kind) for kind in kinds}
