"""Where a message may go: what a URL must look like, and which network addresses are never connected to.

A URL comes from outside and the node connects to it from inside (threats T20). So the name is looked up
once, every address it has is checked, and the connection goes to an address that was checked: whatever the
name leads to a moment later. A firewall or an egress proxy in front of the worker is the second wall.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from rongxin.delivery.webhooks.errors import AddressRefused, UrlRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[..., list[Any]]

URL_LENGTH_MAX = 500
# IANA's registry of special-purpose IPv4 addresses, multicast, the reserved rest, and a cloud's machine
# service that lies among public addresses (168.63.129.16). 169.254.169.254, 100.100.100.200 and the other
# metadata services fall under these.
_NEVER_V4 = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# Of IPv6 only global unicast is let through at all: that keeps out loopback, mapped IPv4, NAT64, unique
# local, link-local and multicast; within it the ways to wrap an IPv4 address, and what is for documents.
_GLOBAL_V6 = IPv6Network("2000::/3")
_NEVER_V6 = tuple(
    IPv6Network(each)
    for each in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
# What the operator can't open either: the machine itself, its links and its metadata, and ways to wrap them.
_SHUT: tuple[Network, ...] = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3",
        "::/16", "64:ff9b::/32", "fe80::/10", "ff00::/8", "fd00:ec2::/32",
    )
)  # fmt: skip
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])")
_INSIDE = ("localhost", "localdomain", "local", "internal", "intranet", "lan", "home.arpa", "arpa", "onion")
_PLAIN = re.compile(r"[!-~]+")
_LOOPBACK_NAMES = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Reach:
    """How far this node sends: ports, networks that the operator opened; plain HTTP to itself in a demo."""

    ports: frozenset[int]
    networks: tuple[Network, ...] = ()
    plain_loopback: bool = False


@dataclass(frozen=True)
class Target:
    """A URL that was found fit. `host` is lower case; `path` includes the query."""

    host: str
    port: int
    path: str
    secure: bool = True


def parse(url: str, reach: Reach) -> Target:
    """Read a URL; raises `UrlRefused` with what is wrong with it. Nothing is looked up."""
    if not _PLAIN.fullmatch(url) or "\\" in url or len(url) > URL_LENGTH_MAX:
        raise UrlRefused(
            f"网址只能由 {URL_LENGTH_MAX} 个以内的 ASCII 字符组成，不含空格和反斜杠；"
            "中文域名请写成 xn-- 形式，中文路径请用百分号编码"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlRefused(f"网址无法解析：{error}") from error
    if "@" in parts.netloc:
        raise UrlRefused("网址中不得含用户名或口令；平台以签名证明身份")
    if parts.fragment or "#" in url:
        raise UrlRefused("网址中不得含 # 片段")
    host = (parts.hostname or "").lower()
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme == "http" and reach.plain_loopback and host in _LOOPBACK_NAMES:
        return Target(host, port or 80, path, secure=False)
    if parts.scheme != "https":
        raise UrlRefused("只接受 https:// 网址")
    _check_name(host, parts.netloc)
    port = 443 if port is None else port
    if port not in reach.ports:
        raise UrlRefused(f"端口只能是 {'、'.join(map(str, sorted(reach.ports)))}")
    return Target(host, port, path)


def _check_name(host: str, netloc: str) -> None:
    """Refuse what is no name of the public DNS: numbers in any spelling, brackets, a trailing dot."""
    if "[" in netloc or not _NAME.fullmatch(host) or len(host) > 253:
        raise UrlRefused("主机须为完整的域名，不得为 IP 地址（任何写法）、单个主机名或以点结尾")
    if any(host == name or host.endswith(f".{name}") for name in _INSIDE):
        raise UrlRefused("不得指向内部域名")


def resolve(target: Target, reach: Reach, *, resolver: Resolver = socket.getaddrinfo) -> list[str]:
    """Look a name up, once, and return its addresses, all of them checked.

    Raises `AddressRefused` where a single one is not allowed: a name that leads both out and in is a trap.
    Raises OSError where the name is unknown.
    """
    found = resolver(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in addresses:
        if not allowed(ip_address(text), reach) and not _is_our_loopback(text, target, reach):
            raise AddressRefused("域名解析到不允许的网络地址（内网、环回、链路本地、元数据等）")
    return addresses


def allowed(address: Address, reach: Reach) -> bool:
    """Say whether this node may connect to an address."""
    if any(address.version == network.version and address in network for network in reach.networks):
        return True
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NEVER_V4)
    return address in _GLOBAL_V6 and not any(address in network for network in _NEVER_V6)


def network(text: str) -> Network:
    """Read a network that the operator opens, such as 10.20.0.0/16; ValueError for what is never opened.

    A government extranet has private addresses; the machine itself and its metadata are never a receiver.
    """
    found = ip_network(text)
    if any(found.version == each.version and found.overlaps(each) for each in _SHUT):
        raise ValueError(f"{text}: loopback, link-local and multicast are never opened")
    return found


def faults(networks: list[str]) -> list[str]:
    """Say which of these networks can't be opened, each with the reason."""
    found = []
    for text in filter(None, networks):
        try:
            network(text)
        except ValueError as error:
            found.append(str(error))
    return found


def _is_our_loopback(text: str, target: Target, reach: Reach) -> bool:
    return reach.plain_loopback and not target.secure and ip_address(text).is_loopback
