"""What pages call a party: its name, and how a purpose, a role or a reason reads."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from markdown_it import MarkdownIt

from rongxin.catalogue import loader, regions
from rongxin.consent.redirection import addresses
from rongxin.consent.rules import Frequency, FrequencyUnit
from rongxin.entrypoints.portals import wording
from rongxin.governance.onboarding import invitations
from rongxin.parties import accounts, departments, institution_keys, institutions, subjects
from rongxin.parties.errors import UnknownParty
from rongxin.parties.memberships import Card
from rongxin.parties.providers import Card as Provider
from rongxin.parties.rules.membership import PartyKind
from rongxin.sharing.schedule.rules import Every

_SPANS = {
    FrequencyUnit.TERM: _lazy("授权期内"),
    FrequencyUnit.YEAR: _lazy("每年"),
    FrequencyUnit.MONTH: _lazy("每月"),
    FrequencyUnit.DAY: _lazy("每天"),
}
_WEEKLY = (
    _lazy("每周一"),
    _lazy("每周二"),
    _lazy("每周三"),
    _lazy("每周四"),
    _lazy("每周五"),
    _lazy("每周六"),
    _lazy("每周日"),
)


def name(kind: PartyKind, party: str) -> str:
    """Return a party's name by its kind and id."""
    if kind is PartyKind.SUBJECT:
        return subjects.get(int(party)).name
    if kind is PartyKind.INSTITUTION:
        return institutions.get(party).name
    if kind is PartyKind.PROVIDER:
        return loader.load().provider_label(party)
    if kind is PartyKind.DEPARTMENT:
        return departments.get(party).name
    return str(settings.RONGXIN_NODE_NAME)


def role(card: Card) -> dict[str, object]:
    """Return a role as a page shows it."""
    return {
        "id": card.id,
        "name": name(card.party_kind, card.party),
        "kind": card.party_kind.label,
        "role": card.role.label,
        "until": card.mandate.valid_until,
    }


def often(frequency: Frequency) -> str:
    """Return how often a consent may be used, in words."""
    return _("%(unit)s最多%(limit)s次") % {"unit": _SPANS[frequency.unit], "limit": frequency.limit}


def plan(every: Every, day: int | None, grace: int) -> str:
    """Return when batches are due, in the page's language; `Plan.label` is for documents, in Chinese."""
    match every:
        case Every.NEVER:
            return _("不定期")
        case Every.DAY:
            when = _("每个工作日")
        case Every.WEEK:
            when = str(_WEEKLY[(day or 1) - 1])
        case Every.MONTH:
            when = _("每月%(day)s日") % {"day": day}
    return _("%(when)s（宽限%(grace)s个工作日）") % {"when": when, "grace": grace} if grace else when


@cache
def in_html(markdown: str) -> str:
    """Return a notice of ours as HTML; what looks like HTML in it is text."""
    text: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return text


def actor(text: str | None) -> str:
    """Return what somebody is called who stands written as `account:5@party`; "" for nobody.

    An account of before a move, that isn't here, goes by what is written.
    """
    kind, _colon, number = (text or "").partition("@")[0].partition(":")
    if kind == "system":
        return f"{_('命令行')} {number.removeprefix('cli-')}" if number.startswith("cli-") else _("系统")
    if kind != "account" or not number.isdigit():
        return text or ""
    try:
        return accounts.get(int(number)).display_name
    except UnknownParty:
        return text or ""


def remit(card: Provider) -> str:
    """Return whose firms a provider speaks of: where and of which kinds; "" where nothing is declared."""
    where = _("、").join(region(code) for code in card.remit.regions)
    kinds = wording.listed(kind.label for kind in card.remit.subject_kinds)
    return _("；").join(part for part in (where, kinds) if part)


def region(code: str) -> str:
    """Return a region's name with those it lies in, its code beside it."""
    named = regions.label(code)
    return named if named == code else _("%(name)s（%(code)s）") % {"name": named, "code": code}


def registered(institution: str) -> dict[str, list[dict[str, Any]]]:
    """Return what is registered of an institution: invitations, keys and addresses, with people's names."""
    return {
        "invitations": [_entered(card.document()) for card in invitations.of_institution(institution)],
        "keys": [_entered(card.document()) for card in institution_keys.of_institution(institution)],
        "addresses": [_entered(card.document()) for card in addresses.of_institution(institution)],
    }


def _entered(told: dict[str, Any]) -> dict[str, Any]:
    return {
        **told,
        "by": actor(told.get("proposed_by") or told.get("invited_by")),
        "waits": not (told.get("confirmed_by") or told.get("released_by")),
        "over": bool(told["revoked_at"]),
    }


def in_language(text: str) -> str:
    """Return a text of ours, Chinese first and English behind a line, in the language of the page."""
    chinese, *english = text.split("\n---\n")
    return english[-1] if english and wording.in_english() else chinese


def notice(text: str) -> dict[str, str]:
    """Return a risk notice for `enterprise/risk_notice.html`, below a heading of the page's: in the reader's
    language; in English with the Chinese, which is what binds.
    """
    chinese, _rule, english = re.sub(r"(?m)^#", "###", text).partition("\n---\n")
    if wording.in_english():
        return {"notice_html": in_html(english), "original": in_html(chinese)}
    return {"notice_html": in_html(chinese)}
