"""What a caller of the gate can act on."""

from __future__ import annotations

from collections.abc import Sequence


class DisclosureError(Exception):
    """The gate can't take this request."""

    code = "disclosure_error"


class UnknownSubject(DisclosureError):
    """No subject with this unified social credit code is known here."""

    code = "unknown_subject"

    def __init__(self, uscc: str) -> None:
        super().__init__(
            f"本节点没有统一社会信用代码 {uscc} 的主体：请核对代码，或向其登记地节点查询 "
            f"no subject {uscc} is known here: check the code, or ask the node of the place of registration"
        )


class MissingReference(DisclosureError):
    """A query without the recipient's own reference number can't be laid beside a loan matter ((十))."""

    code = "missing_reference"

    def __init__(self) -> None:
        super().__init__(
            "请填写贵机构自己的业务编号，以便每次查询与业务对应（十） "
            "give your own reference number, so that the query can be laid beside a matter"
        )


class UnknownRequest(DisclosureError):
    """No request of this number is in the register, or it has no outcome."""

    code = "unknown_request"

    def __init__(self, request: object) -> None:
        super().__init__(
            f"没有编号为 {request} 的查询，或其尚无结果：请核对报告上的编号 "
            f"no request {request} with an outcome is known: check the number on the report"
        )


class ScoreNotKept(DisclosureError):
    """A request had no score by consent, or what it was computed from is no longer kept."""

    code = "score_not_kept"

    def __init__(self, request: object, explanation_hash: str, codes: Sequence[str]) -> None:
        stayed = (
            f"；说明的 SHA-256 {explanation_hash}，理由代码 {'、'.join(codes)}" if explanation_hash else ""
        )
        super().__init__(
            f"查询 {request} 没有授权评价，或其输入已过授权的留存期而删除{stayed} "
            "the request has no score by consent, or what it rested on is kept no longer: ask anew"
        )


class MissingPerson(DisclosureError):
    """An institution asks through a person; name who it is."""

    code = "missing_person"


class NumberGiven(DisclosureError):
    """A reference or the name of who asks holds somebody's number, which would stand in the register."""

    code = "number_given"

    def __init__(self) -> None:
        super().__init__(
            "业务编号或查询人中似有个人证件号码、手机号或银行卡号：业务编号请另编，查询人请填姓名或工号 "
            "the reference or the person looks like an identity number, a phone or a card: give others"
        )


class TooManyCodes(DisclosureError):
    """A delivery names at least one firm and not more than can be read at once."""

    code = "too_many_codes"

    def __init__(self, given: int, most: int) -> None:
        super().__init__(
            f"名单中有{given}个代码，每次交付须为1至{most}个：请分次申请 "
            f"the list names {given} codes; give 1 to {most}, the rest in another delivery"
        )


class TooManyDeferred(DisclosureError):
    """An institution has as many requests waiting for slow providers as it may."""

    code = "too_many_deferred"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"贵机构待取的延时应答已达上限（{most}件）：请先取走已就绪的，或稍后再提交 "
            f"{most} deferred requests are open: collect those that are ready, or try again later"
        )


class DeliveryInTheWay(DisclosureError):
    """The place of a delivery is taken: nothing is written over."""

    code = "delivery_in_the_way"

    def __init__(self, place: str) -> None:
        super().__init__(f"{place}：目录已存在，请另指定一个 the directory exists: name a new one")


class NotIntended(DisclosureError):
    """A set is read only after the will to disclose it stands in the journal, committed."""

    code = "not_intended"

    def __init__(self, intent: object) -> None:
        super().__init__(
            f"存证日志中没有已提交的推送意图 {intent}，不读取任何内容 "
            f"no committed intent {intent} is in the journal: nothing is read"
        )
