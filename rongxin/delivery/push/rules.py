"""批量推送: what an institution may subscribe to, and what may become of it and of its runs ((六)). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from rongxin.records.rules import EndedWhy
from rongxin.vocabulary import industry, region
from rongxin.vocabulary.labelled import Labelled
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.subject_kind import SubjectKind

UNKNOWN = "unknown"
SIZES = ("large", "medium", "small", "micro", UNKNOWN)
INTERVAL_HOURS_MAX = 24 * 31
#: 个体工商户 are natural persons' businesses: in a push only where somebody asks for them and says why.
KINDS_BY_DEFAULT = tuple(kind for kind in SubjectKind if kind is not SubjectKind.INDIVIDUAL_BUSINESS)


class Form(Labelled):
    PARQUET = "parquet", "Parquet", "Parquet"
    CSV = "csv", "CSV", "CSV"


class Status(Labelled):
    """Where a subscription stands: to be confirmed or stopped by the operator, ended by the institution."""

    WAITING = "waiting", "待平台确认", "waiting for the operator's confirmation"
    ACTIVE = "active", "有效", "active"
    STOPPED = "stopped", "平台已停止", "stopped"
    ENDED = "ended", "已终止", "ended"


class Unmade(Labelled):
    """Why a run was not made or not released, besides the reasons for which an institution isn't served."""

    WAITING = "subscription_waiting", "订阅待平台确认", "the subscription waits for its confirmation"
    STOPPED = "subscription_stopped", "平台已停止该订阅", "the subscription was stopped"
    ENDED = "subscription_ended", "订阅已终止", "the subscription has ended"
    TERMS_CHANGED = "terms_changed", "生成期间订阅条件已变更", "the terms were changed meanwhile"
    BASE_CHANGED = (
        "base_changed",
        "所依据的上一次推送已变化",
        "the run it built on is no longer the last",
    )
    INDUSTRIES_NOT_PUBLIC = (
        "industries_not_public",
        "行业不再是可据以筛选的公开信息",
        "industries may no longer be chosen by",
    )


def why(reason: str) -> str:
    """Return a run's reason in words; one that is known no more goes by its code."""
    for words in (Unmade, Reason):
        if reason in set(words):
            return words(reason).label
    return reason


class Act(StrEnum):
    """What may be done to a subscription besides giving it new terms."""

    CONFIRM = "confirm"
    STOP = "stop"
    RESUME = "resume"
    END = "end"


TRANSITIONS: Mapping[Status, Mapping[Act, Status]] = {
    Status.WAITING: {Act.CONFIRM: Status.ACTIVE, Act.STOP: Status.STOPPED, Act.END: Status.ENDED},
    Status.ACTIVE: {Act.STOP: Status.STOPPED, Act.END: Status.ENDED},
    Status.STOPPED: {Act.RESUME: Status.ACTIVE, Act.END: Status.ENDED},
    Status.ENDED: {},
}
OWNERS: Mapping[Act, str] = {
    Act.CONFIRM: "operator",
    Act.STOP: "operator",
    Act.RESUME: "operator",
    Act.END: "institution",
}


class RunState(Labelled):
    """Where a run stands. Only READY can be fetched and acknowledged; increments build on ACKNOWLEDGED."""

    INTENDED = "intended", "生成中", "being made"
    READY = "ready", "可下载", "ready"
    ACKNOWLEDGED = "acknowledged", "已确认", "acknowledged"
    SUPERSEDED = "superseded", "已被新的推送取代", "superseded"
    REFUSED = "refused", "未予推送", "refused"
    ABANDONED = "abandoned", "中断", "abandoned"


RUN_TRANSITIONS: Mapping[RunState, frozenset[RunState]] = {
    RunState.INTENDED: frozenset({RunState.READY, RunState.REFUSED, RunState.ABANDONED}),
    RunState.READY: frozenset({RunState.ACKNOWLEDGED, RunState.SUPERSEDED}),
    RunState.ACKNOWLEDGED: frozenset(),
    RunState.SUPERSEDED: frozenset(),
    RunState.REFUSED: frozenset(),
    RunState.ABANDONED: frozenset(),
}


class Gone(Labelled):
    """Why a row that was pushed is taken back; its content is not said again."""

    REPAIRED = "repaired", "信用修复", "credit repair"
    WITHDRAWN = "withdrawn", "提供单位撤回", "withdrawn by its provider"
    ENDED = "ended", "已终止", "no longer counts"
    OUT_OF_SCOPE = "out_of_scope", "不再属于订阅范围", "outside the subscription now"


def gone(why: EndedWhy | None, *, published: bool) -> Gone:
    """Say why a row is taken back: `why` it ended, or None where it lives on elsewhere or unpublished."""
    if why is EndedWhy.REPAIRED:
        return Gone.REPAIRED
    if why in (EndedWhy.WITHDRAWN, EndedWhy.UNMATCHED):
        return Gone.WITHDRAWN
    return Gone.OUT_OF_SCOPE if why is None and published else Gone.ENDED


@dataclass(frozen=True)
class Terms:
    """What is subscribed to. Empty regions, sizes and industries stand for all; `unknown` means the firms of
    which the registration record does not say. `reference` is the institution's own number, `basis` the
    agreement or rule that the push rests on, `individuals_basis` what individual businesses rest on; the
    operator has to confirm that. `industries_basis` is the platform's word by what right industries choose.
    """

    items: tuple[str, ...]
    reference: str
    basis: str
    regions: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    kinds: tuple[SubjectKind, ...] = KINDS_BY_DEFAULT
    individuals_basis: str = ""
    industries_basis: str = ""
    form: Form = Form.PARQUET
    interval_hours: int = 24

    @property
    def to_be_confirmed(self) -> bool:
        """Whether the institution's own word is not enough: individual businesses are natural persons'."""
        return SubjectKind.INDIVIDUAL_BUSINESS in self.kinds

    @property
    def names_industries(self) -> bool:
        return any(code != UNKNOWN for code in self.industries)

    def document(self) -> dict[str, Any]:
        """Return the terms as plain values for JSON, the table and the journal's commitment."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


def read(document: Mapping[str, Any]) -> Terms:
    """Read terms back from what `document` gave; TypeError or ValueError for what are none."""
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
    }
    kinds = tuple(SubjectKind(kind) for kind in given.pop("kinds", KINDS_BY_DEFAULT))
    return Terms(**given | {"kinds": kinds, "form": Form(given.get("form", Form.PARQUET))})


def faults(terms: Terms) -> list[str]:
    """Say what is wrong with terms, in words for who wrote them; nothing where they will do."""
    found = []
    if not terms.items or not terms.kinds:
        found.append("至少选择一个信息项和一类主体 name at least one item and one kind of subject")
    if not terms.reference.strip() or not terms.basis.strip():
        found.append("请填写业务编号与推送依据 give a reference and the basis of the push")
    if SubjectKind.INDIVIDUAL_BUSINESS in terms.kinds and not terms.individuals_basis.strip():
        found.append("选择个体工商户须写明依据 individual businesses need a basis of their own")
    found += [
        f"{code}：不是行政区划代码 no region code" for code in terms.regions if not region.well_formed(code)
    ]
    found += [f"{size}：不是企业划型 no size class" for size in terms.sizes if size not in SIZES]
    found += [
        f"{code}：不是国民经济行业代码 no code of an industry"
        for code in terms.industries
        if code != UNKNOWN and not industry.well_formed(code)
    ]
    if terms.names_industries and not terms.industries_basis:
        found.append(
            "所属行业依清单须经企业授权，平台未载明其公开依据，不能按行业选择"
            " industries are shared by consent only: nothing says that they are public here"
        )
    if not 1 <= terms.interval_hours <= INTERVAL_HOURS_MAX:
        found.append(f"推送间隔须为1至{INTERVAL_HOURS_MAX}小时 push every 1 to {INTERVAL_HOURS_MAX} hours")
    return found
