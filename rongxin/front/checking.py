"""`rongxin front check`: what of a front is as it must be, and what is missing or wrong, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from rongxin.client import webhooks
from rongxin.client.errors import ClientError, NotAuthenticated, Refused, Unreachable
from rongxin.front import callers, carrying, outer
from rongxin.front.config import SIDES, Config, Side
from rongxin.outpost import tls
from rongxin.outpost.errors import Misconfigured
from rongxin.proof import boxes, signers
from rongxin.proof.errors import ProofError

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
#: A node refuses assertions and proofs that are further off.
_CLOCK = timedelta(seconds=30)
_ENDS_SOON = timedelta(days=30)
_REACH_SECONDS = 15.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at: ✓ as it must be, － missing or to be known, ✗ wrong."""

    sign: str
    what: str

    @property
    def wrong(self) -> bool:
        return self.sign == "✗"


def check(config: Config) -> Iterator[Finding]:
    """Look at keys, addresses, certificates and inner systems, and try the node by them."""
    own = [*_of_keys(config), *_of_callers(config)]
    yield from own
    for side in SIDES:
        yield _of_side(config, side)
    yield from _of_webhooks(config)
    reached = [*_of_node(config)]
    yield from reached
    if not any(finding.wrong for finding in (*own, *reached)):
        yield from _of_token(config)


def _of_keys(config: Config) -> Iterator[Finding]:
    for name, path in (("tokens", config.keys.tokens), ("signatures", config.keys.signatures)):
        if path is None:
            yield Finding("－", f"keys.{name}：未配置，回执由账号陈述 receipts are stated, not signed")
            continue
        yield _tried(f"keys.{name}", partial(_signing, config.at(path)))
    if config.keys.sealing is None:
        yield Finding("－", "keys.sealing：未配置，不打开密封应答 sealed answers stay closed here")
    else:
        sealing = config.at(config.keys.sealing)
        yield _tried("keys.sealing", lambda: _sealing(boxes.opener(sealing).public_key()))


def _signing(path: Path) -> str:
    key = signers.load(path)
    return f"{key.algorithm} {key.id}"


def _sealing(key: boxes.PublicKey) -> str:
    return f"{boxes.suite_of(key)} 指纹 fingerprint {boxes.fingerprint(key)}"


def _of_callers(config: Config) -> Iterator[Finding]:
    try:
        found = callers.read(config.place("callers"))
    except Misconfigured as error:
        yield Finding("✗", str(error))
        return
    if not found:
        yield Finding("－", "尚无内部系统 nobody may ask yet: rongxin front key NAME")
    for name, caller in found.items():
        allowed = "、".join(caller.allow) if caller.allow is not None else "不限 anything"
        yield Finding("✓", f"{name}：{allowed}")


def _of_side(config: Config, side: Side) -> Finding:
    try:
        (host, port), listener = config.address(side), config.side(side)
        files = tls.opened(listener.tls, config.at)
    except Misconfigured as error:
        return Finding("✗", f"{side}: {error}")
    where = f"{side} {host}:{port}"
    if files is None:
        plain = "未配置 tls，由前面的设备加密 plain HTTP: what stands before it must encrypt"
        if side == "inner":
            plain = "未配置 tls，口令以明文经过 secrets pass in clear"
        return Finding(
            "✓" if host in _LOOPBACK else "－", f"{where}：{plain if host not in _LOOPBACK else '本机'}"
        )
    until = tls.until(files)
    soon = until - datetime.now(UTC) < _ENDS_SOON
    told = f"{where}：TLS {'、'.join(tls.hosts(files))}，至 until {until.date()}"
    return Finding("－" if soon else "✓", told + ("，请尽快换发 have it renewed" if soon else ""))


def _of_webhooks(config: Config) -> Iterator[Finding]:
    path = config.place("webhook_secrets")
    try:
        secrets = outer.secrets(path)
        outer.open_porch(config)
    except (Misconfigured, ProofError, OSError) as error:
        yield Finding("✗", f"webhook_secrets、webhook_key：不能使用 can't be used ({error})")
        return
    if secrets or config.webhook_key:
        means = [f"{len(secrets)}个口令 secrets"] if secrets else []
        yield Finding(
            "✓", "事件通知 events：" + "、".join([*means, *(["平台公钥"] if config.webhook_key else [])])
        )
    else:
        yield Finding(
            "－", f"{path}：没有口令，不接收事件 no secret, no event is taken: rongxin front webhook URL"
        )


def _of_node(config: Config) -> Iterator[Finding]:
    """Ask the node for what it tells anybody: is it there, who does it say it is, what time has it?"""
    try:
        options: dict[str, Any] = {
            "verify": carrying.trusted(config) or True,
            "proxy": config.reach.proxy or None,
            "trust_env": False,
        }
        with httpx.Client(timeout=_REACH_SECONDS, **options) as http:
            answer = http.get(f"{config.node.rstrip('/')}/api/v1/oauth/metadata")
            issuer = str(answer.raise_for_status().json()["issuer"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError, Misconfigured) as error:
        yield Finding(
            "✗", f"{config.node}：平台不可达或不是平台 not reached, or no node ({error or error!r})"
        )
        return
    yield Finding("✓", f"{config.node}：平台可达 reached")
    if issuer != (config.reach.issuer or config.node).rstrip("/"):
        yield Finding(
            "✗", f"reach.issuer：平台自称 {issuer}，请照写 write the address by which the node goes"
        )
    if "date" in answer.headers:
        off = datetime.now(UTC) - parsedate_to_datetime(answer.headers["date"])
        seconds = f"{off.total_seconds():+.0f} s"
        good = abs(off) <= _CLOCK
        yield Finding(
            "✓" if good else "✗", f"时钟与平台相差 clock off by {seconds}" + ("" if good else "，请校时")
        )


def _of_token(config: Config) -> Iterator[Finding]:
    """Ask as the institution: is the key the account's, and does the node serve it?"""
    try:
        with carrying.client(config) as node:
            key = node.send(webhooks.key()).key
    except NotAuthenticated as error:
        told = "平台未登记此密钥，或账号不符 the key isn't registered for the account, or no longer"
        yield Finding("✗", f"{config.account}：{told} ({error.detail or error.code})")
    except Refused as error:
        yield Finding(
            "－", f"{config.account}：密钥有效，但机构目前未获服务 known but not served ({error.title})"
        )
    except (ClientError, Unreachable, ProofError, Misconfigured) as error:
        yield Finding("✗", f"{config.account}：{error}")
    else:
        yield Finding("✓", f"{config.account}：平台认可此密钥 the node admits the key")
        if config.webhook_key and config.webhook_key != key:
            yield Finding("✗", f"webhook_key：平台现用 {key}，请核对 the node's is another; compare it")


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding("✓", f"{what}：{look()}")
    except (ProofError, OSError) as error:
        return Finding("✗", f"{what}：不能读取 can't be read ({error})")
