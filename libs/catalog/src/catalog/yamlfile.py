"""YAML files whose every fault is named with its line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from catalog.errors import CatalogError

Shape = TypeVar("Shape", bound=BaseModel)


class YamlFile:
    """A parsed file: its data, and the line of any place in it. Raises CatalogError if it can't be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            loader = yaml.SafeLoader(path.read_text("utf-8"))
            self._node = loader.get_single_node()
            self.data: Any = loader.construct_document(self._node) if self._node else None
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise CatalogError(f"{path}:1: {error}") from error
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise CatalogError(f"{path}:{line}: {error.problem}") from error
        self._refuse_duplicates(self._node)

    def fault(self, steps: Sequence[str | int], message: str) -> CatalogError:
        """The error for a place in the file."""
        return CatalogError(f"{self.path}:{self.line(steps)}: {message}")

    def line(self, steps: Sequence[str | int]) -> int:
        """The line of a place; steps that the file doesn't have are passed over."""
        node, line = self._node, 1
        for step in steps:
            found = _child(node, step)
            if found is not None:
                node, line = found
        return line

    def _refuse_duplicates(self, node: yaml.Node | None) -> None:
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._refuse_duplicates(item)
        elif isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for name, value in node.value:
                if name.value in seen:
                    raise CatalogError(
                        f"{self.path}:{name.start_mark.line + 1}: {name.value!r} is given twice"
                    )
                seen.add(name.value)
                self._refuse_duplicates(value)


def read_shape(file: YamlFile, shape: type[Shape]) -> Shape:
    """The file's data in a shape. Raises CatalogError for the first fault."""
    try:
        return shape.model_validate(file.data)
    except ValidationError as error:
        # a misspelt name is the cause of the missing one
        first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
        where = ".".join(map(str, first["loc"]))
        raise file.fault(first["loc"], f"{where}: {first['msg']}") from error


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, int] | None:
    """The node under a name or index, with the line where it begins."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(step):
                return value, name.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item, item.start_mark.line + 1
    return None
