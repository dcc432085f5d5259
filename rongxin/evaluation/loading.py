"""Loading indicators and parameters: each file read and checked, every fault named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from rongxin.catalogue.errors import Problem, did_you_mean
from rongxin.catalogue.yaml_source import YamlSource, parse, shown
from rongxin.evaluation import consistency
from rongxin.evaluation.cards import Bins, Grades, Parameters, Relief, Segments, Vetoes, Weights
from rongxin.evaluation.errors import InvalidIndicators, UnknownVersion
from rongxin.evaluation.schema import Formula, Indicator
from rongxin.vocabulary import edition

INDICATORS = Path(__file__).parent / "indicators"
PARAMETERS = Path(__file__).parent / "parameters"
#: Names the folder of a node's own versions, besides those that come with the program.
OWN = "RONGXIN_EVALUATION_VERSIONS"

_Model = TypeVar("_Model", bound=BaseModel)
_PARTS: Mapping[str, type[Parameters]] = {
    "card": Weights,
    "grades": Grades,
    "vetoes": Vetoes,
    "relief": Relief,
    "segments": Segments,
}


@dataclass(frozen=True)
class Specification:
    """One version: what is measured and how it is judged. Indicators stand in the order of their codes."""

    version: str
    indicators: Mapping[str, Indicator]
    weights: Weights
    grades: Grades
    vetoes: Vetoes
    relief: Relief
    segments: Segments

    @property
    def formulas(self) -> Mapping[str, Formula]:
        """Indicators and signals by the name under which vetoes know them."""
        return {**self.indicators, **self.vetoes.signals}

    def bins(self, code: str) -> Bins:
        return self.weights.indicators[code]


def load(
    version: str | None = None, *, indicators: Path | None = None, parameters: Path | None = None
) -> Specification:
    """Load a version, by default the newest that came with the program.

    `InvalidIndicators` names every fault, `UnknownVersion` the versions that there are.
    """
    wanted = version or versions(parameters or PARAMETERS)[-1]
    folder = folder_of(wanted, parameters)
    return _load(wanted, (indicators or INDICATORS).resolve(), folder.resolve())


def versions(parameters: Path | None = None) -> tuple[str, ...]:
    """Name the versions that there are, the oldest first."""
    found = (path for folder in _folders(parameters) for path in folder.glob("card_*.yaml"))
    return tuple(sorted({path.stem.removeprefix("card_") for path in found}))


def folder_of(version: str, parameters: Path | None = None) -> Path:
    """Return where a version's files lie; what came with the program can't be replaced by a node's own."""
    for folder in _folders(parameters):
        if (folder / f"card_{version}.yaml").is_file():
            return folder
    raise UnknownVersion(version, versions(parameters))


def _folders(parameters: Path | None) -> tuple[Path, ...]:
    if parameters is not None:
        return (parameters,)
    own = os.environ.get(OWN, "")
    return (PARAMETERS, Path(own)) if own else (PARAMETERS,)


@cache
def _load(version: str, indicators: Path, parameters: Path) -> Specification:
    problems: list[Problem] = []
    found: dict[str, Indicator] = {}
    sources: dict[str, YamlSource] = {}
    for file in sorted(indicators.rglob("*.yaml")):
        read, source = _read(Indicator, file, file.relative_to(indicators).as_posix(), problems)
        if read is None:
            continue
        if read.code in found:
            problems.append(source.problem(("code",), f"指标 {read.code} 重复 (the code stands twice)"))
        problems += [source.problem(path, said) for path, said in _placed(read, file)]
        found[read.code], sources[read.code] = read, source
    parts = {name: _part(name, version, parameters, problems) for name in _PARTS}
    if problems:
        raise InvalidIndicators(sorted(problems, key=lambda one: (one.file, one.line)))
    made: dict[str, Any] = {_KEYS.get(name, name): part for name, (part, _) in parts.items()}
    specification = Specification(version, MappingProxyType(dict(sorted(found.items()))), **made)
    _check(specification, sources, {name: source for name, (_, source) in parts.items()})
    return specification


_KEYS = {"card": "weights"}


def _part(name: str, version: str, folder: Path, problems: list[Problem]) -> tuple[Any, YamlSource]:
    file = folder / f"{name}_{version}.yaml"
    if not file.is_file():
        problems.append(Problem(file.name, 1, "(file)", "此版本缺少这一参数文件 (the file is missing)"))
        return None, YamlSource(folder / f"card_{version}.yaml", "card")
    part, source = _read(_PARTS[name], file, file.name, problems)
    if part is not None and part.version != version:
        problems.append(source.problem(("version",), f"版本 {part.version!r} 与文件名不符 (not the file's)"))
    return part, source


def _placed(read: Indicator, file: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    if file.stem != read.code:
        yield ("code",), f"文件名应为 {read.code}.yaml (the file bears another name)"
    if file.parent.name != read.dimension.value:
        yield ("dimension",), f"文件应在目录 {read.dimension.value}/ 下 (the folder is another dimension's)"


def _check(spec: Specification, files: Mapping[str, YamlSource], parts: Mapping[str, YamlSource]) -> None:
    problems: list[Problem] = []
    tables = spec.segments.quantiles
    for code, indicator in spec.indicators.items():
        source = files[code]
        problems += [source.problem(p, said) for p, said in consistency.of_indicator(indicator, tables)]
    for name, signal in spec.vetoes.signals.items():
        faults = consistency.of_formula(signal, tables)
        problems += [parts["vetoes"].problem(("signals", name, *p), said) for p, said in faults]
    for part, faults in (
        ("card", consistency.of_weights(spec.weights, spec.indicators)),
        ("grades", consistency.of_grades(spec.grades)),
        ("vetoes", consistency.of_vetoes(spec.vetoes, spec.formulas, spec.grades)),
        ("relief", consistency.of_relief(spec.relief)),
    ):
        problems += [parts[part].problem(path, said) for path, said in faults]
    if problems:
        raise InvalidIndicators(sorted(problems, key=lambda one: (one.file, one.line)))


def _read(
    model: type[_Model], file: Path, name: str, problems: list[Problem]
) -> tuple[_Model | None, YamlSource]:
    source = YamlSource(file, name)
    if source.problems:
        problems += source.problems
        return None, source
    try:
        # Dates and numbers as YAML has them; `value` of a class may be 0, so nothing is guessed from texts.
        content = parse(file.read_text("utf-8"))
        if issubclass(model, Parameters):
            content = edition.for_rules(content)
        return model.model_validate(content), source
    except ValidationError as fault:
        for error in fault.errors(include_url=False):
            path, said = source.existing(error["loc"]), error["msg"]
            if error["type"] == "missing":
                path, said = error["loc"][:-1], f"缺少必填的键 {error['loc'][-1]!r} (required key is missing)"
            elif error["type"] == "extra_forbidden":
                word = str(error["loc"][-1])
                said = f"未知的键 {word!r}{did_you_mean(word, model.model_fields)} (unknown key)"
            elif error["type"] == "value_error":
                said = str(error["ctx"]["error"])
            elif not isinstance(error["input"], dict | list):
                said = f"{said}，现为 {error['input']!r}"
            problems.append(source.problem(path, said, key=shown(error["loc"])))
        return None, source
