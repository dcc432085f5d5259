"""What the caller of the store can act on."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID


class RecordsError(Exception):
    """The store refused; the message says what and why."""

    code = "records_error"


class AlreadyEnded(RecordsError):
    """A row ends once; read it again before ending it."""

    code = "record_already_ended"

    def __init__(self, ids: Collection[int]) -> None:
        super().__init__(
            f"记录 {sorted(ids)} 已终止，不能再次终止 / these records have already ended; read them again"
        )


class UnknownRecord(RecordsError):
    """No such row of this subject."""

    code = "record_unknown"

    def __init__(self, subject_id: int, ids: Collection[int]) -> None:
        super().__init__(
            f"信息主体 {subject_id} 名下没有记录 {sorted(ids)} / this subject holds no such records"
        )


class RowUnknown(RecordsError):
    """No row of the batch was filed from that line."""

    code = "row_unknown"

    def __init__(self, batch_id: UUID, line: int) -> None:
        super().__init__(
            f"批次 {batch_id} 第 {line} 行没有入库记录（可能被退回、待确认或重复）；请核对行号，"
            "行号以原文件为准 / nothing was filed from this line"
        )


class RowOver(RecordsError):
    """The row counts no more, so there is nothing to correct or end."""

    code = "row_over"

    def __init__(self, batch_id: UUID, line: int, why: str, by: str) -> None:
        super().__init__(
            f"批次 {batch_id} 第 {line} 行的记录已终止：{why}（{by}）。如已由后来的批次更新，"
            "请对该批次的行操作 / this row counts no more"
        )


class AlreadyWithdrawn(RecordsError):
    """A batch is withdrawn once."""

    code = "batch_already_withdrawn"

    def __init__(self, batch_id: UUID) -> None:
        super().__init__(f"批次 {batch_id} 已撤回 / this batch has been withdrawn before; nothing more to do")


class LakeDamaged(RecordsError):
    """Files that the lake's manifest lists are gone."""

    code = "lake_damaged"

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(
            f"数据湖清单所列文件不在：{'、'.join(sorted(names))} / listed files of the lake are gone; "
            "run `rongxin lake verify`, then the `rongxin lake rebuild` it names"
        )
