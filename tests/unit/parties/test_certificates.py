"""A key that came by a certificate is believed while the certificate is: registered, revoked, out of date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rongxin.governance import alarms
from rongxin.governance.rules import Kind as Alarm
from rongxin.journal import entries, sequencer
from rongxin.journal.rules import Kind
from rongxin.parties import certificate_watch, certificates, institution_keys, institutions
from rongxin.parties.certificates import CertificateRefused
from rongxin.parties.errors import NotAllowed
from rongxin.parties.institution_keys import Card
from rongxin.parties.models import InstitutionKey
from rongxin.parties.rules.institution_key import KeyPurpose
from rongxin.proof.certificates.refusals import Why
from rongxin.proof.keys import SigningKey
from rongxin.proof.signers import Sm2SigningKey
from rongxin.vocabulary.zone import business_day
from tests.authority import DAY, Authority, armoured, lay
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NOW = stage.NOW
SIGNS = KeyPurpose.SIGNATURES


class Ground:
    """A bank, two of the operator's persons, and an authority that the operator believes."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.root = directory, Authority(now=NOW)
        lay(directory, roots=[self.root])
        self.bank, self.two = stage.bank(), stage.operators()
        self.subject = {"organization_name": institutions.get(self.bank).name, "common_name": "api"}

    def certificate(self, serial: int = 0xC0DE, **changes: Any) -> str:
        key = Sm2SigningKey.generate(self.bank)
        return armoured(self.root.issue(key, self.subject, serial=serial, **changes).dump())

    def propose(self, pem: str, until: timedelta = 90 * DAY) -> Card:
        span = {"valid_from": stage.TODAY, "valid_until": stage.TODAY + until}
        return institution_keys.propose(self.bank, pem, purpose=SIGNS, **span, actor=self.two[0], as_of=NOW)

    def register(self, pem: str | None = None) -> Card:
        made = self.propose(pem or self.certificate())
        return institution_keys.confirm(made.id, actor=self.two[1], as_of=NOW)

    def list(self, *revoked: tuple[int, str], **changes: Any) -> None:
        file = self.directory / "crls" / f"{self.root.name}.crl"
        file.write_bytes(self.root.crl(dict(revoked), **changes))

    def believed(self, after: timedelta = timedelta(0)) -> set[str]:
        return set(institution_keys.in_force(self.bank, SIGNS, as_of=NOW + after))

    def told(self) -> list[tuple[Any, Any]]:
        found = entries.find(institution=self.bank, kinds=[Kind.KEY_CREATED])
        return [(one.refs["change"], one.refs.get("why")) for one in reversed(found)]


@pytest.fixture
def ground(tmp_path: Path, settings: Any) -> Ground:
    settings.RONGXIN_TRUST = str(tmp_path)
    return Ground(tmp_path)


def test_a_certificate_is_registered_with_its_key_and_no_longer_than_it_is_good(ground):
    pem = ground.certificate(until=NOW + 30 * DAY)
    card = ground.register(pem)
    assert card.valid_until == business_day(NOW + 30 * DAY)
    told = card.document()["certificate"]
    assert told["serial"] == "c0de"
    assert ground.subject["organization_name"] in told["subject"]
    assert ground.believed() == {card.key_id}
    assert "BEGIN PUBLIC KEY" in card.pem
    assert card.certificate == pem


def test_of_what_is_handed_over_only_the_certificates_are_kept(ground):
    pem = ground.certificate()
    junk = "\0Bag Attributes\n{}\0-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    assert ground.register(junk.format(pem)).certificate == pem


def test_a_certificate_without_an_end_is_registered_until_the_day_asked_for(ground):
    pem = ground.certificate(until=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert ground.register(pem).valid_until == stage.TODAY + 90 * DAY


def test_a_certificate_is_looked_at_when_it_is_entered_and_again_when_it_is_confirmed(ground):
    with pytest.raises(CertificateRefused, match="加密证书"):
        ground.propose(ground.certificate(usage={"key_encipherment"}))
    made = ground.propose(ground.certificate())
    ground.list((0xC0DE, "key_compromise"))
    with pytest.raises(CertificateRefused, match="吊销"):
        institution_keys.confirm(made.id, actor=ground.two[1], as_of=NOW)
    assert not InstitutionKey.objects.get(pk=made.id).confirmed_at
    with pytest.raises(NotAllowed, match="PEM 过长"):
        ground.propose(ground.certificate() + "x" * institution_keys.PEM_MAX)


def test_somebody_elses_certificate_is_not_taken(ground):
    ground.subject["organization_name"] = "另一家银行"
    with pytest.raises(CertificateRefused, match="主体不是该机构"):
        ground.propose(ground.certificate())


def test_a_node_that_demands_certificates_takes_no_bare_key(ground, settings):
    bare = SigningKey.generate("k").public.pem()
    made = ground.propose(bare)
    settings.RONGXIN_CERTIFICATES = "required"
    with pytest.raises(NotAllowed, match="只登记带证书"):
        ground.propose(SigningKey.generate("k").public.pem())
    with pytest.raises(NotAllowed, match="只登记带证书"):
        institution_keys.confirm(made.id, actor=ground.two[1], as_of=NOW)
    assert ground.register().confirmed_at


def test_a_revoked_certificate_stops_its_key_at_once_and_the_job_says_so_for_good(ground):
    card = ground.register()
    ground.list((0xC0DE, "key_compromise"))
    assert not ground.believed(), "before any job has run"
    assert certificate_watch.tend(as_of=NOW) == 1
    assert certificate_watch.tend(as_of=NOW) == 0
    row = InstitutionKey.objects.get(pk=card.id)
    assert (row.revoked_at, row.trouble) == (NOW, Why.REVOKED.value)
    assert ground.told()[-1] == ("revoked", "revoked")
    ground.list()
    assert not ground.believed(), "what is revoked stays so"
    sequencer.integrate()
    alarms.follow(as_of=NOW)
    (raised,) = alarms.every(waiting_only=True)
    assert (raised.kind, raised.refs["key"]) == (Alarm.CERTIFICATE_TROUBLE, str(card.id))


def test_what_may_be_a_slip_suspends_a_key_until_it_is_put_right(ground):
    card = ground.register()
    (root,) = (ground.directory / "roots").iterdir()
    kept = root.read_bytes()
    root.unlink()
    assert not ground.believed()
    certificate_watch.tend(as_of=NOW)
    assert institution_keys.of_institution(ground.bank)[0].document()["trouble"] == Why.NO_CHAIN.value
    root.write_bytes(kept)
    assert ground.believed() == {card.key_id}
    certificate_watch.tend(as_of=NOW)
    assert ground.told()[-2:] == [("suspended", "no_chain"), ("resumed", None)]
    assert institution_keys.of_institution(ground.bank)[0].trouble is None


def test_a_person_who_stops_a_suspended_key_is_not_said_to_do_so_for_its_trouble(ground):
    card = ground.register()
    ground.list(until=NOW - 30 * DAY, since=NOW - 31 * DAY)
    certificate_watch.tend(as_of=NOW)
    institution_keys.revoke(card.id, actor=ground.two[0], as_of=NOW)
    assert ground.told()[-2:] == [("suspended", "crl_stale"), ("revoked", None)]


def test_only_keys_that_could_be_believed_are_judged(ground):
    ground.register()
    ground.propose(ground.certificate(0xC0DF))
    (ground.directory / "crls" / f"{ground.root.name}.crl").unlink()
    assert institution_keys.judge(as_of=NOW + 91 * DAY) == 0, "its days are over"
    assert institution_keys.judge(as_of=NOW) == 1, "the other one was never confirmed"


def test_what_breaks_off_at_one_key_leaves_what_was_found_of_the_others(ground, monkeypatch):
    ground.register()
    broken = ground.register(ground.certificate(0xC0DF))
    (ground.directory / "crls" / f"{ground.root.name}.crl").unlink()
    looked, trouble = [], certificates.trouble

    def breaks(pem: str, *args: Any, **kwargs: Any) -> Any:
        looked.append(pem)
        if len(looked) > 1:
            raise ConnectionError
        return trouble(pem, *args, **kwargs)

    monkeypatch.setattr(certificates, "trouble", breaks)
    with pytest.raises(ConnectionError):
        institution_keys.judge(as_of=NOW)
    assert broken.certificate in looked
    assert [one[0] for one in ground.told()].count("suspended") == 1


def test_a_list_out_of_date_is_borne_for_its_patience_and_takes_no_new_key(ground):
    card = ground.register()
    patience = timedelta(hours=certificates.policy(stage.TODAY).crl_patience_hours)
    ground.list(until=NOW + HOUR)
    assert ground.believed(HOUR + patience) == {card.key_id}
    assert not ground.believed(HOUR + patience + timedelta(seconds=1))
    ground.list(until=NOW - HOUR, since=NOW - 2 * HOUR)
    with pytest.raises(CertificateRefused, match="吊销列表已过期"):
        ground.propose(ground.certificate(0xC0DF))
    ground.list(until=NOW + 30 * DAY)
    assert ground.believed(HOUR + patience + DAY) == {card.key_id}


def test_the_operator_hears_once_that_a_list_runs_out_once_that_it_has_and_of_what_is_broken(ground):
    ahead = timedelta(hours=certificates.policy(stage.TODAY).crl_warn_hours)
    ground.list(until=NOW + ahead + HOUR)
    assert [certificate_watch.tend(as_of=NOW), certificate_watch.tend(as_of=NOW + HOUR * 2)] == [0, 1]
    assert certificate_watch.tend(as_of=NOW + HOUR * 3) == 0
    assert certificate_watch.tend(as_of=NOW + ahead + HOUR * 2) == 2, "it runs out no more: it has"
    (ground.directory / "crls" / "broken.crl").write_bytes(b"junk")
    assert certificate_watch.tend(as_of=NOW + ahead + HOUR * 2) == 1
    found = entries.find(kinds=[Kind.REVOCATION_LIST_DUE])
    states = [one.refs["state"] for one in reversed(found)]
    assert states == ["crl_due", "crl_stale", "certificate_unreadable"]
    sequencer.integrate()
    alarms.follow(as_of=NOW)
    assert {one.kind for one in alarms.every(waiting_only=True)} == {Alarm.REVOCATION_LIST_DUE}


def test_the_operator_hears_again_of_what_was_put_right_and_comes_again(ground):
    file = ground.directory / "crls" / f"{ground.root.name}.crl"
    for _ in range(2):
        file.unlink()
        assert [certificate_watch.tend(as_of=NOW) for _ in range(2)] == [1, 0]
        ground.list()
        assert [certificate_watch.tend(as_of=NOW) for _ in range(2)] == [1, 0]
        (ground.directory / "crls" / "broken.crl").write_bytes(b"junk")
        assert [certificate_watch.tend(as_of=NOW) for _ in range(2)] == [1, 0]
        (ground.directory / "crls" / "broken.crl").unlink()
        assert [certificate_watch.tend(as_of=NOW) for _ in range(2)] == [1, 0]
    due, over = (
        entries.find(kinds=[kind]) for kind in (Kind.REVOCATION_LIST_DUE, Kind.REVOCATION_LIST_SETTLED)
    )
    assert [one.refs for one in due] == [one.refs for one in over]
    assert [one.refs["state"] for one in due] == ["certificate_unreadable", "crl_missing"] * 2


def test_the_operator_hears_ahead_that_an_authority_ends_and_then_that_it_has(ground):
    ahead = timedelta(days=certificates.policy(stage.TODAY).authority_warn_days)
    ends = NOW + 365 * DAY
    ground.list(until=ends + 9 * DAY)
    moments = (ends - ahead, ends - ahead + HOUR, ends - HOUR, ends + HOUR)
    assert [certificate_watch.tend(as_of=at) for at in moments] == [0, 1, 0, 2]
    found = entries.find(kinds=[Kind.REVOCATION_LIST_DUE])
    day = f"{ends:%Y-%m-%dT%H:%MZ}"
    assert [(one.refs["state"], one.refs["due_on"]) for one in found] == [
        ("expired", day),
        ("authority_due", day),
    ]


def test_without_a_directory_no_certificate_is_believed(ground, settings):
    settings.RONGXIN_TRUST = ""
    with pytest.raises(CertificateRefused, match="没有可信根"):
        ground.propose(ground.certificate())
