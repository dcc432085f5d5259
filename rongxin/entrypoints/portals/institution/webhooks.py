"""事件通知 of an institution's: the pages of `portals/webhooks.py` for its people."""

from __future__ import annotations

from rongxin.entrypoints.portals import visitors, webhooks
from rongxin.parties.rules import permission

_page = visitors.page(permission.INSTITUTION, "GET", "POST", unserved=True)
listed, one = _page(webhooks.listed), _page(webhooks.one)
act = visitors.page(permission.INSTITUTION, "POST", unserved=True)(webhooks.act)
