"""No URL of a stranger's leads the node into its own network (threats T20)."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest

from rongxin.delivery.webhooks import addresses
from rongxin.delivery.webhooks.addresses import Reach, Target
from rongxin.delivery.webhooks.errors import AddressRefused, UrlRefused

REACH = Reach(frozenset({443, 8443}))
DEMO = Reach(frozenset({443}), plain_loopback=True)

FIT = {
    "https://hooks.bank.example/in": Target("hooks.bank.example", 443, "/in"),
    "https://Hooks.Bank.Example:8443": Target("hooks.bank.example", 8443, "/"),
    "https://xn--fiqs8s.example/a?b=c&d": Target("xn--fiqs8s.example", 443, "/a?b=c&d"),
    "https://a_b.bank.example/%E4%BD%A0": Target("a_b.bank.example", 443, "/%E4%BD%A0"),
}
UNFIT = [
    "http://bank.example/",
    "ftp://bank.example/",
    "file:///etc/passwd",
    "gopher://bank.example/",
    "//bank.example/",
    "bank.example/hook",
    "https://",
    "https:///hook",
    "https://bank.example:80/",
    "https://bank.example:22/",
    "https://bank.example:0/",
    "https://bank.example:65536/",
    "https://bank.example:443443/",
    "https://bank.example:x/",
    "https://user@bank.example/",
    "https://user:word@bank.example/",
    "https://bank.example@127.0.0.1/",
    "https://127.0.0.1@bank.example/",
    "https://@bank.example/",
    "https://bank.example/#a",
    "https://bank.example#@127.0.0.1/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0x7f.0x0.0x0.0x1/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.0.0.1./",
    "https://0/",
    "https://8.8.8.8/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2001:4860:4860::8888]/",
    "https://[fe80::1%25eth0]/",
    "https://::1/",
    "https://localhost/",
    "https://LOCALHOST:8443/",
    "https://localhost./",
    "https://a.localhost/",
    "https://localhost.localdomain/",
    "https://metadata.google.internal/",
    "https://metadata/",
    "https://printer.local/",
    "https://db.intranet/",
    "https://1.0.0.127.in-addr.arpa/",
    "https://router.lan/",
    "https://bank.example./",
    "https://.bank.example/",
    "https://bank..example/",
    "https://-bank.example/",
    "https://bank-.example/",
    "https://银行.example/",
    "https://bank。example/",
    "https://ｂａｎｋ.example/",
    "https://①②⑦.⓪.⓪.①/",
    "https://bank.example/路径",
    "https://bank.example/a b",
    "https://bank.example/a\tb",
    "https://bank.example/a\r\nHost: other",
    "https://bank.example\\@127.0.0.1/",
    "https:\\\\bank.example/",
    "https://bank%2eexample/",
    "https://127.0.0.1%2f.bank.example/",
    "https://bank.example%00/",
    "https://bank.example:443@127.0.0.1:8443/",
    "https://bank.example/" + "a" * 500,
    "https://" + "a" * 64 + ".example/",
    " https://bank.example/",
    "javascript:alert(1)",
    "",
]
NEVER = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1",
    "127.255.255.254", "168.63.129.16", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1",
    "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378::1",
    "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
]  # fmt: skip
PUBLIC = ["1.2.4.8", "8.8.8.8", "114.114.114.114", "172.15.0.1", "172.32.0.1", "192.167.1.1",
          "223.255.255.255", "2001:4860:4860::8888", "2400:3200::1", "2606:4700::1111"]  # fmt: skip


def leading_to(*found: str):
    """A resolver that knows these addresses."""

    def resolver(host: str, port: int, **more: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    return resolver


@pytest.mark.parametrize("url", FIT)
def test_it_takes_a_url_of_the_public_web(url):
    assert addresses.parse(url, REACH) == FIT[url]


@pytest.mark.parametrize("url", UNFIT)
def test_it_refuses_every_other_spelling(url):
    for reach in (REACH, DEMO):
        with pytest.raises(UrlRefused):
            addresses.parse(url, reach)


@pytest.mark.parametrize("address", NEVER)
def test_it_never_connects_to(address):
    assert not addresses.allowed(ip_address(address), REACH)
    target = Target("bank.example", 443, "/")
    with pytest.raises(AddressRefused):
        addresses.resolve(target, REACH, resolver=leading_to(address))
    # One good address beside it does not redeem the name.
    with pytest.raises(AddressRefused):
        addresses.resolve(target, REACH, resolver=leading_to("8.8.8.8", address))


@pytest.mark.parametrize("address", PUBLIC)
def test_it_connects_to_what_is_public(address):
    target = Target("bank.example", 443, "/")
    assert addresses.resolve(target, REACH, resolver=leading_to(address)) == [address]


def test_the_operator_opens_a_network_and_no_other():
    reach = Reach(REACH.ports, (addresses.network("10.20.0.0/16"),))
    assert addresses.allowed(ip_address("10.20.3.4"), reach)
    assert not addresses.allowed(ip_address("10.21.0.1"), reach)
    assert not addresses.allowed(ip_address("::ffff:10.20.3.4"), reach)


@pytest.mark.parametrize(
    "text",
    ["0.0.0.0/0", "127.0.0.0/8", "127.0.0.1/32", "169.254.169.254/32", "224.0.0.0/4", "::/0", "::1/128",
     "fe80::/64", "64:ff9b::/96", "fd00:ec2::254/128", "10.0.0.1/8", "ten"],
)  # fmt: skip
def test_the_machine_itself_is_never_opened(text):
    with pytest.raises(ValueError):
        addresses.network(text)
    assert len(addresses.faults(["10.20.0.0/16", text])) == 1


def test_a_demo_sends_plainly_to_its_own_machine_and_nowhere_else():
    target = addresses.parse("http://127.0.0.1:9000/in", DEMO)
    assert target == Target("127.0.0.1", 9000, "/in", secure=False)
    assert addresses.resolve(target, DEMO, resolver=leading_to("127.0.0.1")) == ["127.0.0.1"]
    for inward in ("10.0.0.1", "169.254.169.254"):
        with pytest.raises(AddressRefused):
            addresses.resolve(target, DEMO, resolver=leading_to(inward))
    for url in ("http://127.0.0.1:9000/in", "http://localhost/"):
        with pytest.raises(UrlRefused):
            addresses.parse(url, REACH)
    with pytest.raises(AddressRefused):
        addresses.resolve(Target("bank.example", 443, "/"), DEMO, resolver=leading_to("127.0.0.1"))
