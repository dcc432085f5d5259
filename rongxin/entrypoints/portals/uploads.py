"""What a form's file fields hold: what was chosen now, and what was kept when the form came back.

A view reads its fields here, a template shows them by `{% file_input %}`; the rest goes by itself: a form
that comes back with a mistake brings its files along, with a tick at each; one that was taken lets them go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from rongxin.catalogue import attachments
from rongxin.catalogue.attachments import File
from rongxin.entrypoints.api import handed_in
from rongxin.parties import kept_files
from rongxin.parties.kept_files import Holder, Kept, KeptFileGone

#: Of the form: which fields take files, one or several; which files it offered to take along, and of those,
#: by field, the ticked ones.
ONE, SEVERAL, OFFERED, TICKED = "file-field", "file-fields", "offered-file", "kept-"
MISTAKE = 422
_NAME = re.compile(r"[\w.-]{1,100}")


@dataclass(frozen=True)
class _Field:
    """A field as it was sent."""

    chosen: tuple[File, ...]
    kept: tuple[Kept, ...]
    gone: bool


def of(request: HttpRequest, name: str) -> File | None:
    """Return the file of a field that takes one; what is chosen now replaces what was kept.

    Raises `KeptFileGone`.
    """
    return next(iter(_files(request, name, several=False)), None)


def every(request: HttpRequest, name: str) -> tuple[File, ...]:
    """Return the files of a field that takes several: what was kept, then what was chosen now.

    Raises `KeptFileGone`.
    """
    return _files(request, name, several=True)


def brought_along(request: HttpRequest) -> tuple[dict[str, list[Kept]], list[str]]:
    """Keep the files of a form that comes back; return them by field, and the names of what is lost."""
    read = {name: _read(request, name, several=True) for name in _names(request, SEVERAL)}
    read |= {name: _read(request, name, several=False) for name in _names(request, ONE)}
    found = {name: list(one.kept) for name, one in read.items()}
    fit = {name: [file for file in one.chosen if _fit(file)] for name, one in read.items()}
    if any(found.values()) or any(fit.values()):
        again = [one.id for some in found.values() for one in some]
        more = kept_files.keep(_holder(request), fit, again=again, as_of=_visitor(request).at)
        found = {name: [*some, *more.get(name, ())] for name, some in found.items()}
    here = [one.file.name for some in found.values() for one in some]
    sent = [one.name or "" for some in request.FILES.lists() for one in some[1]]
    return found, [name for name in sent if name not in here]


def settle(request: HttpRequest, answer: HttpResponseBase) -> None:
    """Let go what a form offered and what wasn't taken along again; where the form was taken, all of it."""
    offered, read = _ids(request, OFFERED), vars(request).get("files_read", {})
    if not offered or (answer.status_code >= 400 and not (answer.status_code == MISTAKE and read)):
        return
    stays = {one.id for some in read.values() for one in some.kept} if answer.status_code == MISTAKE else ()
    kept_files.forget(_holder(request), [one for one in offered if one not in stays])


def _files(request: HttpRequest, name: str, *, several: bool) -> tuple[File, ...]:
    read = _read(request, name, several=several)
    if read.gone:
        raise KeptFileGone(_("先前选择的文件已过保留时间，没有提交；请重新选择文件"))
    return (*(one.file for one in read.kept), *read.chosen)


def _read(request: HttpRequest, name: str, *, several: bool) -> _Field:
    """Read a field, once: an upload can be read through only once."""
    fields: dict[str, _Field] = vars(request).setdefault("files_read", {})
    if name not in fields:
        chosen = handed_in.files_of(request.FILES.getlist(name))
        ticked = _ids(request, TICKED + name) if several or not chosen else []
        kept = kept_files.of(_holder(request), name, ticked, as_of=_visitor(request).at) if ticked else []
        fields[name] = _Field(chosen, tuple(kept), gone=len(kept) < len(ticked))
    return fields[name]


def _fit(file: File) -> bool:
    """Whether the file can't be the mistake: one that no form takes has to be chosen anew."""
    return attachments.fault([file], files_max=1, file_bytes_max=len(file.content)) is None


def _holder(request: HttpRequest) -> Holder:
    visitor = _visitor(request)
    role = visitor.role
    return Holder(visitor.account.id, visitor.session, role.party_kind.value, role.party, request.path)


def _visitor(request: HttpRequest) -> Any:
    """Return whoever sent the form (`visitors.Visitor`, which stands above this)."""
    return vars(request)["visitor"]


def _names(request: HttpRequest, kind: str) -> list[str]:
    return [name for name in request.POST.getlist(kind) if _NAME.fullmatch(name)]


def _ids(request: HttpRequest, name: str) -> list[UUID]:
    """Return the numbers that a form sent under a name; what is no number isn't one of ours."""
    found = []
    for text in dict.fromkeys(request.POST.getlist(name)):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
