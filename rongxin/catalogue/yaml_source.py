"""A YAML file whose every value knows its line, so that a fault can be named with its place.

Plain YAML lets a key stand twice and keeps the last; here that is a fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from rongxin.catalogue.errors import Problem

Path_ = Sequence[str | int]


def parse(text: str) -> Any:
    """Read YAML safely, and as fast as this machine can."""
    return yaml.load(text, _loader())  # noqa: S506 - both loaders are the safe ones


def _loader() -> Any:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlSource:
    """One parsed file: its plain value, its faults of form, and the line of every key."""

    def __init__(self, file: Path, shown_as: str) -> None:
        self.name = shown_as
        self.problems: list[Problem] = []
        self.value: Any = None
        self._root: yaml.Node | None = None
        try:
            loader = _loader()(file.read_text("utf-8"))
            try:
                self._root = loader.get_single_node()
                if self._root is not None:
                    self.value = self._construct(self._root, loader)
            finally:
                loader.dispose()
        except yaml.MarkedYAMLError as fault:
            mark = fault.problem_mark or fault.context_mark
            line = mark.line + 1 if mark else 1
            self.problems.append(Problem(shown_as, line, "YAML", str(fault.problem or fault)))
        except (yaml.YAMLError, UnicodeDecodeError) as fault:
            self.problems.append(Problem(shown_as, 1, "YAML", str(fault)))

    def problem(self, path: Path_, message: str, *, key: str | None = None) -> Problem:
        """Make a fault of what stands at a path like `("fields", 2, "type")`."""
        return Problem(self.name, self.line(path), key or shown(path), message)

    def line(self, path: Path_) -> int:
        """Give the line of a path, as deep as the file has it."""
        node, line = self._root, 1
        for step in path:
            key, child = self._step(node, step)
            if child is None:
                break
            node, line = child, (key or child).start_mark.line + 1
        return line

    def existing(self, path: Path_) -> Path_:
        """Cut a path down to what the file has (a validator's path may go deeper)."""
        node = self._root
        for depth, step in enumerate(path):
            _, node = self._step(node, step)
            if node is None:
                return path[:depth]
        return path

    def _step(self, node: yaml.Node | None, step: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
        if isinstance(node, yaml.MappingNode):
            for key, child in node.value:
                if key.value == str(step):
                    return key, child
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            return None, node.value[step]
        return None, None

    def _construct(self, node: yaml.Node, loader: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            found: dict[Any, Any] = {}
            for key_node, child in node.value:
                key = loader.construct_object(key_node)
                if key in found:
                    line = key_node.start_mark.line + 1
                    self.problems.append(
                        Problem(self.name, line, str(key), "此键重复 (the key stands twice)")
                    )
                found[key] = self._construct(child, loader)
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self._construct(child, loader) for child in node.value]
        return loader.construct_object(node)


def shown(path: Path_) -> str:
    """Write a path as people do: `fields[2].type`."""
    out = ""
    for step in path:
        out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else step
    return out or "(file)"
