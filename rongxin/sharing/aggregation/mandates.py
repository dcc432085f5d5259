"""Who may hand in what: an item that the annex has aggregated, from a provider whose mandate it is."""

from __future__ import annotations

from rongxin.catalogue import loader
from rongxin.catalogue.errors import UnknownItem
from rongxin.catalogue.schema import Channel, Item
from rongxin.exchange import collection
from rongxin.parties import providers
from rongxin.parties.errors import UnknownParty
from rongxin.sharing import rules
from rongxin.sharing.errors import Refused
from rongxin.sharing.rules import Mode
from rongxin.vocabulary.actor import Actor, ActorKind


def admitted(item_name: str, provider_id: str, *, mode: Mode = Mode.INCREMENT) -> tuple[Item, Channel]:
    """Return the item and the channel by which it may come in from this provider, or raise `Refused`."""
    item = _item(item_name)
    channel = _in_bulk(item) if mode is Mode.ANSWERS else item.aggregation
    if channel is None:
        raise Refused(
            "not_aggregated",
            what=f"“{item.label}”不能以文件方式报送：{rules.why_not_aggregated(item)}",
            where="国办发〔2021〕52号（五）及附件注2",
            what_to_do="请由数据提供单位通过接口或核验服务提供；文件未保存。",
        )
    provider = _provider(provider_id)
    if provider is None or not provider.is_active:
        state = "不存在" if provider is None else "已停用"
        raise Refused(
            "unknown_provider",
            what=f"数据提供单位 {provider_id} {state}",
            where="--provider",
            what_to_do=f"该信息项的提供单位是 {channel.provider}；请核对单位标识，或先为其开户。",
        )
    if item.item not in provider.mandate:
        raise Refused(
            "no_mandate",
            what=f"{provider.name}（{provider_id}）的职责不含“{item.label}”",
            where="国办发〔2021〕52号附件“责任单位”",
            what_to_do=f"请由 {channel.provider} 报送，或由平台运营机构先登记其职责范围。",
        )
    return item, channel


def _in_bulk(item: Item) -> Channel:
    channel = collection.channel_of(item)
    if channel is None:
        raise Refused(
            "not_in_bulk",
            what=f"“{item.label}”不能批量调用：{collection.why_not(item)}",
            where="国办发〔2021〕52号附件注2、注3",
            what_to_do="请按附件规定的方式逐笔调用、核验或由提供单位报送。",
        )
    return channel


def _item(name: str) -> Item:
    try:
        return loader.load().item(name)
    except UnknownItem as error:
        raise Refused(
            "unknown_item",
            what=error.what,
            where="--item",
            what_to_do="rongxin catalogue export 列出全部信息项。",
        ) from error


def _provider(provider_id: str) -> providers.Card | None:
    try:
        return providers.get(provider_id)
    except UnknownParty:
        return None


def may_act_for(provider: str, *, actor: Actor) -> bool:
    """Whether the actor may change what this provider handed in: itself, the operator, or the node."""
    return actor.party == f"provider:{provider}" or actor.is_operator or actor.kind is ActorKind.SYSTEM
