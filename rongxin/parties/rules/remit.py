"""职责范围: where the firms that a provider speaks of are registered, and of what kinds ((五)). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from rongxin.vocabulary import region as regions
from rongxin.vocabulary.subject_kind import SubjectKind


@dataclass(frozen=True)
class Remit:
    """What is declared of a provider. An empty part says nothing: nobody is outside of it."""

    regions: tuple[str, ...] = ()
    subject_kinds: tuple[SubjectKind, ...] = ()

    @property
    def declared(self) -> bool:
        return bool(self.regions or self.subject_kinds)

    def document(self) -> dict[str, list[str]]:
        """The remit as plain values; `of` reads them back."""
        return {"regions": [*self.regions], "subject_kinds": [kind.value for kind in self.subject_kinds]}

    def covers_region(self, code: str) -> bool:
        """Whether firms registered in a region are the provider's to speak of."""
        return not self.regions or any(regions.lies_in(code, outer) for outer in self.regions)

    def covers_kind(self, kind: SubjectKind | None) -> bool:
        """Whether subjects of a kind are; None, which the notice doesn't cover, is judged elsewhere."""
        return not self.subject_kinds or kind is None or kind in self.subject_kinds


def of(region_codes: list[str], kinds: list[str]) -> Remit:
    """Return a remit from its plain values, each once, in an order of its own."""
    return Remit(
        tuple(sorted(set(region_codes))), tuple(kind for kind in SubjectKind if kind.value in set(kinds))
    )
