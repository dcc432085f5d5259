"""营业执照 as the registration record: what the market regulator files settles who a subject is (annex row
1).

Filing licences registers subjects that were known from other rows only, in one statement however many; a
change of name or of legal representative and a deregistration go through the verbs of `subjects`, one by
one, since each ends mandates or consents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import naming, subjects
from rongxin.parties.models import Subject
from rongxin.parties.rules.identity import plain
from rongxin.parties.rules.registration import RegistrationStatus
from rongxin.proof import canonical
from rongxin.vocabulary.actor import Actor

_CHUNK = 10_000
_OVER = re.compile("(?<!未)注销")


@dataclass(frozen=True)
class Licence:
    """What a licence row says of its subject; a representative left out ("") says nothing."""

    subject_id: int
    name: str
    legal_representative: str
    established_on: date | None
    # 登记状态 in the regulator's own words.
    status: str

    @property
    def deregistered(self) -> bool:
        """Whether 登记状态 says so, also after another word: 吊销，已注销; but not 吊销，未注销."""
        return _OVER.search(self.status) is not None


@dataclass(frozen=True)
class Followed:
    """How many subjects were registered, renamed, given a new representative, deregistered."""

    registered: int
    renamed: int
    represented: int
    deregistered: int


_REGISTER = """
    UPDATE parties_subject AS subject
    SET name = licence.name, canonical_name = licence.canonical_name, registration_status = 'registered',
        legal_representative = coalesce(nullif(licence.representative, ''), subject.legal_representative),
        legal_representative_commitment = CASE
            WHEN licence.representative IN ('', subject.legal_representative)
            THEN subject.legal_representative_commitment ELSE '' END,
        established_on = coalesce(licence.established_on, subject.established_on)
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::date[])
        AS licence (id, name, canonical_name, representative, established_on)
    WHERE subject.id = licence.id AND subject.registration_status = 'unregistered'
    RETURNING subject.id, subject.uscc
"""


def follow(licences: Iterable[Licence], *, actor: Actor, as_of: datetime) -> Followed:
    """Bring subjects in line with their licences; a licence that says nothing new changes nothing."""
    registered = renamed = represented = deregistered = 0
    with transaction.atomic():
        for chunk in _chunks(licences):
            registered += _register(chunk, actor=actor, as_of=as_of)
            known = Subject.objects.in_bulk([licence.subject_id for licence in chunk])
            for licence in chunk:
                row = known[licence.subject_id]
                if row.registration_status != RegistrationStatus.REGISTERED:
                    continue
                if plain(licence.name) != plain(row.name):
                    today = timezone.localdate(as_of)
                    subjects.rename(row.id, licence.name, changed_on=today, actor=actor, as_of=as_of)
                    renamed += 1
                if plain(licence.legal_representative) not in ("", plain(row.legal_representative)):
                    subjects.change_legal_representative(
                        row.id, licence.legal_representative, actor=actor, as_of=as_of
                    )
                    represented += 1
                if licence.deregistered:
                    subjects.deregister(row.id, actor=actor, as_of=as_of)
                    deregistered += 1
    return Followed(registered, renamed, represented, deregistered)


def _register(chunk: Sequence[Licence], *, actor: Actor, as_of: datetime) -> int:
    columns: list[Any] = [
        [licence.subject_id for licence in chunk],
        [licence.name for licence in chunk],
        [str(naming.key(licence.name)) for licence in chunk],
        [licence.legal_representative for licence in chunk],
        [licence.established_on for licence in chunk],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_REGISTER, columns)
        found = cursor.fetchall()
    if found:
        # One entry stands for all that were registered together, with a commitment to their codes.
        entries.append(
            Kind.SUBJECT_CHANGED,
            actor=actor,
            refs={"change": "registered", "count": len(found)},
            commitments={"subjects": canonical.digest(sorted(uscc for _, uscc in found))},
            as_of=as_of,
        )
    return len(found)


def _chunks(licences: Iterable[Licence]) -> Iterator[list[Licence]]:
    source = iter(licences)
    while chunk := list(islice(source, _CHUNK)):
        yield chunk
