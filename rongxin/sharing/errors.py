"""What the sender of a batch, or whoever looks after one, can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID


class SharingError(Exception):
    """Something about a batch does not allow the act."""

    code = "sharing_error"


class Refused(SharingError):
    """A file is refused as a whole, and nothing of it is kept: what, where, and what to do."""

    def __init__(
        self, code: str, *, what: str, where: str, what_to_do: str, batch: UUID | None = None
    ) -> None:
        super().__init__(f"{what}（{where}）。{what_to_do}" if where else f"{what}。{what_to_do}")
        self.code = code
        self.what = what
        self.where = where
        self.what_to_do = what_to_do
        self.batch = batch

    def document(self) -> dict[str, str | bool | None]:
        """The refusal as a command or an API answer gives it."""
        return {
            "refused": True,
            "code": self.code,
            "what": self.what,
            "where": self.where,
            "what_to_do": self.what_to_do,
            "batch": str(self.batch) if self.batch else None,
        }


class UnknownBatch(SharingError):
    """There is no such batch."""

    code = "unknown_batch"

    def __init__(self, batch: object) -> None:
        super().__init__(f"没有批次 {batch}；rongxin intake status 列出全部批次 / no such batch")


class Held(SharingError):
    """The batch waits for a second person; nothing of it counts yet."""

    code = "batch_held"

    def __init__(self, batch: UUID, findings: Sequence[Mapping[str, str]]) -> None:
        what = "；".join(finding["message"] for finding in findings)
        super().__init__(
            f"批次 {batch} 暂存待复核：{what}。由另一人核对后放行或退回（rongxin intake release|refuse）"
        )
        self.batch = batch
        self.findings = list(findings)


class NotHeld(SharingError):
    """Only a held batch can be released or refused."""

    code = "batch_not_held"

    def __init__(self, batch: UUID, status: str) -> None:
        super().__init__(
            f"批次 {batch} 的状态是“{status}”，只有待复核的批次可以放行或退回 / the batch is not held"
        )


class NotFiled(SharingError):
    """Only a filed batch can be withdrawn."""

    code = "batch_not_filed"

    def __init__(self, batch: UUID, status: str) -> None:
        super().__init__(
            f"批次 {batch} 的状态是“{status}”，只有已入库的批次可以撤回 / only a filed batch can be withdrawn"
        )


class BadMonth(SharingError):
    """A month is asked for that is none."""

    code = "bad_month"

    def __init__(self, text: str) -> None:
        super().__init__(f"月份“{text}”应写成 2026-10 这样的年和月 / a month is written as 2026-10")
