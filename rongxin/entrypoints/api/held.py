"""本人信息: everything held about the caller, by the same door as everybody, to be taken along ((九))."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router

from rongxin.catalogue import loader
from rongxin.delivery import report
from rongxin.disclosure.release import Refusal
from rongxin.entrypoints.api import authentication, reports
from rongxin.parties import accounts
from rongxin.rights import held

router = Router(tags=["本人信息 Held about me"])


@router.get("", auth=authentication.SUBJECT, summary="平台持有的本人全部信息 Everything held about me")
def everything(request: HttpRequest) -> HttpResponse:
    """Give all records, free of charge, in the form that `Accept` names (JSON, page or PDF); as JSON with
    what the platform keeps besides: consents, cases, objections, repairs, notices. Each look is journalled.
    """
    caller = authentication.caller(request)
    form = reports.form_of(request)
    answer = held.everything(
        int(caller.party),
        person=accounts.get(caller.account).display_name,
        actor=caller.actor,
        as_of=caller.at,
    )
    if isinstance(answer, Refusal):
        return reports.refused(answer)
    if form != "application/json":
        return reports.rendered(answer, form)
    document = report.build(answer, loader.load(), node=settings.RONGXIN_NODE_NAME)
    return reports.as_json({**document, "beside": held.beside(int(caller.party), as_of=caller.at)})
