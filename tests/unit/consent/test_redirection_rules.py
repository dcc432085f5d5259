"""Where people may be sent back to, and what proves who fetches the result; pure."""

from __future__ import annotations

import pytest

from rongxin.consent.redirection import rules

GOOD = "https://loan.bank.example/callback"


@pytest.mark.parametrize("uri", [GOOD, "https://loan.bank.example:443/a/b", "https://a.b.cn/"])
def test_a_plain_https_address_is_one(uri: str) -> None:
    assert rules.fault(uri, loopback=False) is None


@pytest.mark.parametrize(
    "uri",
    [
        "http://loan.bank.example/callback",
        "https://loan.bank.example",  # no path
        "https://loan.bank.example/callback?next=https://evil.example",
        "https://loan.bank.example/callback?",
        "https://loan.bank.example/callback#",
        "https://loan.bank.example@evil.example/",
        "https://user:pass@loan.bank.example/",
        "https://loan.bank.example\\@evil.example/",
        "https://loan.bank.example/a/../b",
        "https://loan.bank.example//evil.example",
        "https://loan.bank.example:8443/",
        "https://loan.bank.example:x/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://localhost/",
        "https://LOAN.bank.example/",
        "https://银行.example/",
        "https://loan.bank.example/\ncallback",
        "https://loan bank.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/",
        "/callback",
        "",
        "https://" + "a" * 500 + ".example/",
    ],
)
def test_nothing_else_is(uri: str) -> None:
    assert rules.fault(uri, loopback=False)


@pytest.mark.parametrize("uri", ["http://127.0.0.1:8000/back", "http://localhost/back"])
def test_this_machine_is_one_in_a_demo_alone(uri: str) -> None:
    assert rules.fault(uri, loopback=True) is None
    assert rules.fault(uri, loopback=False)
    assert rules.fault(uri.replace("localhost", "evil.example").replace("127", "128"), loopback=True)


def test_a_verifier_proves_its_own_challenge_alone() -> None:
    # RFC 7636, appendix B
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert rules.proves(verifier, challenge)
    assert not rules.proves(verifier[:-1] + "l", challenge)
    assert not rules.proves(challenge, challenge)  # "plain" is not offered
    assert not rules.proves("", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")
    assert rules.is_challenge(challenge)
    assert not rules.is_challenge(challenge + "=")
    assert not rules.is_challenge(challenge[:-1])


def test_what_is_sent_back_is_escaped_and_names_the_issuer() -> None:
    sent = rules.answered(GOOD, issuer="https://node.example", state="a&error=x #", code="c")
    assert sent == f"{GOOD}?code=c&state=a%26error%3Dx+%23&iss=https%3A%2F%2Fnode.example"
    assert rules.origin("http://127.0.0.1:8000/back") == "http://127.0.0.1:8000"
