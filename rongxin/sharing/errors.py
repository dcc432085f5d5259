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


class DiskFull(SharingError):
    """The disk on which files wait has no room; nothing was taken in, or what was waits on."""

    code = "disk_full"

    def __init__(self, received: UUID | None = None) -> None:
        state = f"批次 {received} 已接收，将自动重试" if received else "文件未接收，请稍后重新报送"
        super().__init__(
            f"本机存放待入库文件的磁盘已满：{state}；请联系平台运行机构 "
            "the disk on which files wait is full: make room under RONGXIN_VAR/spool"
        )


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


class UnknownRow(SharingError):
    """The batch has no such row, or nothing of it was kept."""

    code = "unknown_row"

    def __init__(self, batch: UUID, line: int) -> None:
        super().__init__(
            f"批次 {batch} 第 {line} 行未在待匹配之列；rongxin matching list 列出待匹配的行 / no such row"
        )


class NotWaiting(SharingError):
    """Somebody has decided on the row, or it never waited."""

    code = "row_not_waiting"

    def __init__(self, batch: UUID, line: int, how: str) -> None:
        super().__init__(
            f"批次 {batch} 第 {line} 行{how}；如有误，请先撤销原决定（rongxin matching reverse）"
            " / the row is not waiting"
        )


class UnknownDecision(SharingError):
    """There is no such decision."""

    code = "unknown_decision"

    def __init__(self, decision: object) -> None:
        super().__init__(
            f"没有匹配决定 {decision}；rongxin matching show 显示一行的全部决定 / no such decision"
        )


class DecisionOver(SharingError):
    """The decision's state doesn't allow the act."""

    code = "decision_not_open"

    def __init__(self, decision: UUID, state: str, wanted: str) -> None:
        super().__init__(
            f"匹配决定 {decision} 的状态是“{state}”，不能{wanted} / the decision's state doesn't allow this"
        )


class UnknownProposal(SharingError):
    """There is no such proposal."""

    code = "unknown_batch_proposal"

    def __init__(self, proposal: object) -> None:
        super().__init__(f"没有对批次的提议 {proposal} / no such proposal")


class ProposalOver(SharingError):
    """Somebody has decided on the proposal, or its batch has been withdrawn or ended meanwhile."""

    code = "batch_proposal_over"

    def __init__(self, proposal: UUID, state: str) -> None:
        super().__init__(
            f"对批次的提议 {proposal} {state}，没有再办理；需要时请重新提出 "
            "the proposal is over, nothing was done"
        )


class WorkerSilent(SharingError):
    """No worker took an act up in time; nothing was done."""

    code = "worker_silent"

    def __init__(self) -> None:
        super().__init__(
            "后台进程未应答，此次操作没有进行：请联系平台运行机构，或稍后重试 "
            "no worker took this up, nothing was done: run `rongxin worker`, or try again later"
        )


class StillAtWork(SharingError):
    """A worker has begun an act and not answered yet."""

    code = "still_at_work"

    def __init__(self) -> None:
        super().__init__(
            "后台仍在处理此次操作：请稍后查看该批次或该行的状态，不必重复提交 "
            "the worker is still at it: look at the batch or the row later, there is no need to ask again"
        )


class ErrandFailed(SharingError):
    """The worker met a fault of the node's own."""

    code = "errand_failed"

    def __init__(self) -> None:
        super().__init__(
            "后台处理此次操作时出错，已记录，未作任何更改：请稍后重试或联系平台运行机构 "
            "the worker failed at this and changed nothing; its log says why"
        )
