"""What a provider may agree to have called in bulk, for the platform's own store (annex note 2). Pure.

What the annex calls with the firm's consent is called for that firm's case alone, whatever a provider agrees
to; and what its provider has not declared public (共享公开属性) is not collected: 工伤 stays out until it is.
"""

from __future__ import annotations

from rongxin.catalogue import masking
from rongxin.catalogue.schema import Channel, Field, Item
from rongxin.vocabulary.openness import Openness
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict
from rongxin.vocabulary.whose import Whose


def may_be_collected(channel: Channel, field: Field) -> bool:
    """Whether a field of a channel may be kept by agreement: called, without consent, declared public."""
    called = channel.mode is SharingMode.INTERFACE_CALL
    return called and not channel.consent and not field.consent and field.openness is Openness.PUBLIC


def channel_of(item: Item) -> Channel | None:
    """Return the channel through which an item may be called in bulk; None where there is none.

    An item of which a part is aggregated has its rows from there, and none is mixed with them.
    """
    if item.aggregation is not None:
        return None
    whole = (
        channel
        for channel in item.channels
        if all(may_be_collected(channel, item.field(name)) for name in channel.fields)
    )
    return next(whole, None)


def why_not(item: Item) -> str | None:
    """Say in Chinese why an item may not be called in bulk; None where it may."""
    if channel_of(item) is not None:
        return None
    if item.aggregation is not None:
        return "附件规定以物理归集方式共享，无需批量调用"
    called = [channel for channel in item.channels if channel.mode is SharingMode.INTERFACE_CALL]
    if not called:
        return "附件规定以数据核验方式共享，平台不保存"
    if all(channel.consent for channel in called):
        return "附件规定经企业授权后调用，提供单位的书面同意不能代替企业授权"
    return "提供单位尚未将该项声明为依法公开（共享公开属性），不得批量调用"


def verdicts(item: Item, channel: Channel, kind: SubjectKind) -> dict[str, Verdict]:
    """Return what the platform asks of each field; the provider's gateway comes to the same by its table."""
    return {name: _verdict(item.field(name), kind) for name in item.fields_of(channel)}


def _verdict(field: Field, kind: SubjectKind) -> Verdict:
    home = field.type in masking.MAYBE_A_HOME and kind is SubjectKind.INDIVIDUAL_BUSINESS
    personal = field.type in masking.PERSONAL and not (
        field.type == "account_number" and field.whose is Whose.SUBJECT
    )
    return Verdict.MASK if home or personal or field.type in masking.REDACTED else Verdict.REVEAL
