"""A form that comes back with a mistake brings its files along: for its sender, in that form, for minutes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.journal import sealing
from rongxin.journal.windows import Window
from rongxin.parties import kept_files, seed, sign_ins
from rongxin.parties.kept_files import KeptFile
from rongxin.proof.errors import Forged
from rongxin.rights import objections, papers
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors

pytestmark = pytest.mark.django_db(transaction=True)
AT, OTHER = "/enterprise/rights/object/tax_payment", "/enterprise/rights/object/administrative_penalty"
NAME, SECRET = "完税证明第七号", b"what the receipt says"
PDF = b"%PDF-1.7\n" + SECRET
SAID = {"statement": "缴税金额少记了一笔"}


@pytest.fixture(autouse=True)
def var(tmp_path, settings):
    settings.RONGXIN_VAR = tmp_path / "var"
    return tmp_path / "var"


@pytest.fixture
def firm(client):
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    found = stage.firm()
    doors.as_person(client, found.owner)
    return found


def pdf(name=NAME, content=PDF, kind="application/pdf"):
    return SimpleUploadedFile(f"{name}.pdf", content, kind)


def sent(client, *files, at=AT, **more):
    return client.post(at, {"file-fields": "files", "files": files, **more})


def mistaken(client, *files, **more):
    """Send the form without its words; return the numbers of the files that came back with it."""
    answer = sent(client, *files, statement=" ", **more)
    assert answer.status_code == 422
    return re.findall(r'name="kept-files" value="([0-9a-f-]{36})" checked', answer.content.decode())


def along(*numbers, offered=()):
    return {"kept-files": numbers, "offered-file": [*numbers, *offered]}


def names_of(firm):
    """Return what was handed in with the firm's objections, by name."""
    return [one.name for card in objections.of_subject(firm.id, Window(9)).rows for one in papers.of(card.id)]


def test_a_file_comes_with_the_next_hand_in_without_being_chosen_again(client, firm):
    (number,) = mistaken(client, pdf())
    answer = sent(client, pdf("另一份"), **SAID, **along(number))
    assert answer.status_code == 302
    assert sorted(names_of(firm)) == sorted([f"{NAME}.pdf", "另一份.pdf"])
    ((_, content),) = [found for found in _read(firm) if found[0].name == f"{NAME}.pdf"]
    assert content == PDF
    assert not KeptFile.objects.exists()


def _read(firm):
    (card,) = objections.of_subject(firm.id, Window(9)).rows
    return [papers.read(card.id, one.id) for one in papers.of(card.id)]


def test_a_field_that_no_form_has_stops_nothing(client, firm):
    strange = {
        "file-fields": ["files", "x" * 200, "a\x00b"],
        "offered-file": "no number",
        "kept-files": "none",
    }
    answer = client.post(AT, {"files": [pdf()], "statement": " ", **strange})
    assert answer.status_code == 422
    assert KeptFile.objects.count() == 1


def test_it_stays_through_a_second_mistake(client, firm):
    (number,) = mistaken(client, pdf())
    assert mistaken(client, **along(number)) == [number]
    assert sent(client, **SAID, **along(number)).status_code == 302
    assert names_of(firm) == [f"{NAME}.pdf"]


def test_one_that_is_unticked_is_left_out_and_gone(client, firm):
    one, other = mistaken(client, pdf(), pdf("另一份"))
    assert mistaken(client, **along(one, offered=[other])) == [one]
    assert [str(row.id) for row in KeptFile.objects.all()] == [one]
    assert sent(client, **SAID, **along(offered=[one])).status_code == 302
    assert names_of(firm) == []
    assert not KeptFile.objects.exists()


def test_neither_its_name_nor_its_content_lies_anywhere_in_clear(client, firm, var):
    mistaken(client, pdf())
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(one)::text, sealed FROM parties_keptfile one")
        ((row, sealed),) = cursor.fetchall()
    files = [path.read_bytes() for path in var.rglob("*") if path.is_file()]
    for there in (row.encode(), bytes(sealed), *files):
        assert NAME.encode() not in there
        assert SECRET not in there
        assert SECRET.hex().encode() not in there


def test_nobody_else_and_no_other_form_or_field_gets_it(client, firm):
    (number,) = mistaken(client, pdf())
    thief = Client()
    doors.as_person(thief, stage.firm("云州白鹭餐饮有限公司").owner)
    wanted = {"kept-materials": number, "file-fields": ["files", "materials"]}
    for who, at, named in ((thief, AT, along(number)), (client, OTHER, along(number)), (client, AT, wanted)):
        answer = who.post(at, {"file-fields": "files", **SAID, **named})
        assert answer.status_code == (302 if named is wanted else 422)
        assert NAME not in answer.content.decode()
    assert names_of(firm) == []
    assert KeptFile.objects.count() == 1  # nor can they have it deleted


def test_a_row_that_somebody_gives_to_another_does_not_open(client, firm):
    mistaken(client, pdf())
    thief = Client()
    other = stage.firm("云州白鹭餐饮有限公司").owner
    doors.as_person(thief, other)
    KeptFile.objects.update(account_id=other.account, session=thief.session["number"])
    row = KeptFile.objects.get()
    holder = kept_files.Holder(other.account, row.session, row.party_kind, row.party, AT)
    with pytest.raises(Forged):
        kept_files.of(holder, "files", [row.id], as_of=timezone.now())


def test_when_its_time_is_over_the_form_says_so_and_nothing_is_handed_in(client, firm):
    (number,) = mistaken(client, pdf())
    bound = kept_files.limits(timezone.localdate())
    row = KeptFile.objects.get()
    assert row.until <= timezone.now() + timedelta(minutes=bound.keep_minutes)
    KeptFile.objects.update(until=timezone.now())
    answer = sent(client, **SAID, **along(number))
    assert answer.status_code == 422
    assert "先前选择的文件已过保留时间" in answer.content.decode()
    assert names_of(firm) == []
    assert not KeptFile.objects.exists()


def test_the_worker_deletes_what_nobody_handed_in(client, firm):
    mistaken(client, pdf())
    until = KeptFile.objects.get().until
    assert kept_files.prune(as_of=until - timedelta(seconds=1)) == 0
    assert kept_files.prune(as_of=until) == 1


def test_it_ends_with_the_sign_in(client, firm):
    mistaken(client, pdf())
    client.post("/sign-out")
    assert not KeptFile.objects.exists()
    doors.as_person(client, firm.owner)
    mistaken(client, pdf())
    doors.as_person(Client(), firm.owner)
    assert not KeptFile.objects.exists()
    doors.as_person(client, firm.owner)
    mistaken(client, pdf())
    sign_ins.end_session(firm.owner.account, KeptFile.objects.get().session)
    assert not KeptFile.objects.exists()


def test_a_file_that_may_be_the_mistake_is_not_kept_but_named(client, firm):
    answer = sent(client, pdf(content=b"<html>"), pdf("好的"), **SAID)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"您选的文件（{NAME}.pdf）没有保存" in page
    assert page.count('name="kept-files"') == 1


def test_the_oldest_make_room_and_those_of_this_hand_in_stay(client, firm, monkeypatch):
    bound = kept_files.limits(timezone.localdate())
    small = bound.model_copy(update={"files_max": 2, "bytes_max": 4 * len(PDF)})
    monkeypatch.setattr(kept_files, "limits", lambda on: small)
    (former,) = mistaken(client, pdf())
    one, other = mistaken(client, pdf("一"), pdf("二"))
    assert {str(row.id) for row in KeptFile.objects.all()} == {one, other}
    assert former not in (one, other)
    assert mistaken(client, pdf("三"), **along(one, other)) == [one, other]
    big = PDF + b"." * 4 * len(PDF)
    page = sent(client, pdf("大", big), statement=" ").content.decode()
    assert "您选的文件（大.pdf）没有保存" in page


def test_a_new_data_key_is_no_hindrance(client, firm):
    (number,) = mistaken(client, pdf())
    sealing.rotate(actor=SYSTEM, as_of=timezone.now())
    assert sealing.renew(kept_files.SEALED, actor=SYSTEM, as_of=timezone.now()) == 1
    assert sent(client, **SAID, **along(number)).status_code == 302
    assert names_of(firm) == [f"{NAME}.pdf"]
