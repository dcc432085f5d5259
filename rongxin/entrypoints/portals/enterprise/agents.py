"""经办人: whom the legal representative lets act for the firm, and until when."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties import accounts, memberships
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import Role

_DAYS_MAX = 366


@visitors.page(permission.SUBJECT, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List who may act for the firm; the legal representative gives a mandate to an account."""
    chief = visitor.role.role is Role.LEGAL_REPRESENTATIVE
    last = visitor.today + timedelta(days=_DAYS_MAX)
    account = request.POST.get("account", "")
    wanted = request.POST.get("until", (visitor.today + timedelta(days=180)).isoformat())
    context = {
        "here": "enterprise_agents",
        "chief": chief,
        "people": [
            {"card": card, "account": accounts.get(card.account)}
            for card in memberships.of_subject(visitor.subject, on=visitor.today)
        ],
        "account": account,
        "until": wanted,
        "last": last,
        "first": visitor.today,
    }
    if request.method != "POST":
        return pages.render(request, "enterprise/agents.html", context)
    try:
        agent = _agent(account)
        until = date.fromisoformat(wanted)
        if not visitor.today <= until <= last:
            raise ValueError
        memberships.give_mandate(
            agent.id,
            visitor.subject,
            valid_from=visitor.today,
            valid_until=until,
            actor=visitor.actor,
            as_of=visitor.at,
        )
    except ValueError:
        context["mistake"] = _("请填写%(today)s至%(last)s之间的日期") % {"today": visitor.today, "last": last}
        return pages.render(request, "enterprise/agents.html", context, status=422)
    except PartiesError as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "enterprise/agents.html", context, status=422)
    messages.success(
        request,
        _("已委托%(display_name)s办理，至%(until)s止") % {"display_name": agent.display_name, "until": until},
    )
    return redirect("enterprise_agents")


@visitors.page(permission.SUBJECT, "POST")
def end(request: HttpRequest, visitor: Visitor, number: int) -> HttpResponseBase:
    """End a mandate at once; an agent may lay down their own, the legal representative any."""
    held = {card.id: card for card in memberships.of_subject(visitor.subject, on=visitor.today)}
    card = held.get(number)
    chief = visitor.role.role is Role.LEGAL_REPRESENTATIVE
    if card is None or card.role is not Role.AGENT or not (chief or card.account == visitor.account.id):
        return pages.refusal(request, 403, _("只有法定代表人或经办人本人可以终止委托"))
    memberships.end(number, why="mandate_ended", actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已终止委托，立即生效"))
    return redirect("enterprise_agents")


def _agent(name: str) -> accounts.Card:
    found = accounts.named(name.strip())
    if found is None:
        raise PartiesError(
            _("没有账号“%(name)s”；请经办人先登录平台，在右上角查看自己的账号后告诉您") % {"name": name}
        )
    return found
