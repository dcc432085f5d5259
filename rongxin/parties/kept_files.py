"""Files of a form that came back with a mistake: kept for minutes, so that nobody has to choose them again.

Each is sealed with its name, to the sign-in, the party, the form and the field for which it was chosen:
nothing else opens it, not for the same person either. It goes with the next hand-in, when it is unticked,
when its time is over, and when the sign-in ends. Nothing follows from it, so that it isn't journalled.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone
from pydantic import Field

from rongxin.catalogue.attachments import File
from rongxin.journal import keyring
from rongxin.journal.sealing import SealedColumn
from rongxin.parties.errors import PartiesError
from rongxin.parties.sign_in_models import KeptFile, OpenSession
from rongxin.vocabulary import edition

PARAMETERS = Path(__file__).parent / "parameters"
_BOUND_TO = ("account_id", "session", "party_kind", "party", "form", "field")

SEALED = SealedColumn(
    "parties_keptfile",
    "sealed",
    key=("id",),
    beside=_BOUND_TO,
    first=("00000000-0000-0000-0000-000000000000",),
    place=lambda row: ("parties_keptfile", "sealed", *map(str, row)),
)


class KeptFileGone(PartiesError):
    """A file that was to go along is kept no more; nothing was handed in without it."""

    code = "kept_file_gone"


class InvalidKeptFileLimits(PartiesError):
    """A file of limits for kept files can't be used as it stands."""

    code = "invalid_kept_file_limits"


class Limits(edition.Edition):
    """The numbers of one edition."""

    keep_minutes: int = Field(ge=1, le=120)
    files_max: int = Field(ge=0)
    file_bytes_max: int = Field(ge=1)
    bytes_max: int = Field(ge=1)


@dataclass(frozen=True)
class Holder:
    """Who chose a file and where: the sign-in, the party for which they act, and the form."""

    account: int
    session: UUID
    party_kind: str
    party: str
    form: str


@dataclass(frozen=True)
class Kept:
    """A file that goes along with the next hand-in of its field."""

    id: UUID
    file: File


@cache
def editions() -> tuple[Limits, ...]:
    return edition.read(PARAMETERS, "kept_files_*.yaml", Limits, broken=InvalidKeptFileLimits)


def limits(on: date) -> Limits:
    """Return the limits in force on a day."""
    return edition.in_force(editions(), on)


def keep(
    holder: Holder, chosen: Mapping[str, Sequence[File]], *, again: Iterable[UUID] = (), as_of: datetime
) -> dict[str, list[Kept]]:
    """Keep files by the field in which they were chosen; return those that are kept.

    Who has too many at once loses the oldest, but for those kept `again`, whose time begins anew. A file that
    is too large, or for which there is no room, isn't kept.
    """
    bound = limits(timezone.localdate(as_of))
    until = as_of + timedelta(minutes=bound.keep_minutes)
    found: dict[str, list[Kept]] = {}
    with transaction.atomic():
        # One form after the other, so that together they keep to the limit; a sign-in that is over has none.
        session = OpenSession.objects.select_for_update()
        if not session.filter(account=holder.account, number=holder.session).exists():
            return found
        _live(holder, as_of).filter(id__in=list(again)).update(until=until)
        for field, files in chosen.items():
            for file in files:
                size = len(file.content)
                if size <= bound.file_bytes_max and _room(holder, size, bound, until):
                    found.setdefault(field, []).append(_keep(holder, field, file, until))
    return found


def of(holder: Holder, field: str, ids: Sequence[UUID], *, as_of: datetime) -> list[Kept]:
    """Return those files of a field that are still kept, in the order of their ids."""
    rows = {row.id: row for row in _live(holder, as_of).filter(field=field, id__in=list(ids))}
    return [Kept(id, _open(rows[id])) for id in ids if id in rows]


def forget(holder: Holder, ids: Iterable[UUID]) -> None:
    """Delete files of one's own form; one that isn't there is forgotten already."""
    _own(holder).filter(id__in=list(ids)).delete()


def prune(*, as_of: datetime) -> int:
    """Delete what nobody handed in while there was time; return how many."""
    return KeptFile.objects.filter(until__lte=as_of).delete()[0]


def _room(holder: Holder, size: int, bound: Limits, until: datetime) -> bool:
    """Make room for another file of that size by letting the oldest of other hand-ins go."""
    while True:
        rows = KeptFile.objects.filter(account=holder.account)
        held = rows.aggregate(bytes=Sum("size_bytes"))["bytes"] or 0
        if rows.count() < bound.files_max and held + size <= bound.bytes_max:
            return True
        oldest = rows.exclude(until=until).order_by("until", "id").values("id").first()
        if oldest is None:
            return False
        rows.filter(id=oldest["id"]).delete()


def _keep(holder: Holder, field: str, file: File, until: datetime) -> Kept:
    row = KeptFile(
        id=uuid4(),
        account_id=holder.account,
        session=holder.session,
        party_kind=holder.party_kind,
        party=holder.party,
        form=holder.form,
        field=field,
        size_bytes=len(file.content),
        until=until,
    )
    head = json.dumps({"name": file.name, "media_type": file.media_type}).encode()
    row.sealed = keyring.data_keys().seal(head + b"\n" + file.content, place=_place(row))
    row.save(force_insert=True)
    return Kept(row.id, file)


def _open(row: KeptFile) -> File:
    head, _, content = keyring.data_keys().open(bytes(row.sealed), place=_place(row)).partition(b"\n")
    return File(**json.loads(head), content=content)


def _place(row: KeptFile) -> tuple[str | int, ...]:
    return SEALED.place((row.id, *(getattr(row, name) for name in _BOUND_TO)))


def _own(holder: Holder) -> QuerySet[KeptFile]:
    return KeptFile.objects.filter(
        account=holder.account,
        session=holder.session,
        party_kind=holder.party_kind,
        party=holder.party,
        form=holder.form,
    )


def _live(holder: Holder, as_of: datetime) -> QuerySet[KeptFile]:
    return _own(holder).filter(until__gt=as_of)
