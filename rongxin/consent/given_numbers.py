"""户号 that a firm gives with its consent: water, electricity and gas know their customers by it.

The number lies sealed beside the consent, goes to the provider alone, in the question that the consent
covers, and is deleted when the consent ends. It is no part of the artefact, which the institution holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid4

from django.utils.crypto import salted_hmac

from rongxin.catalogue import loader
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.schema import Field, Item
from rongxin.consent.errors import NotPossible
from rongxin.consent.models import GivenNumber
from rongxin.journal import keyring
from rongxin.journal.sealing import SealedColumn

SEALED = SealedColumn(
    "consent_givennumber",
    "sealed",
    key=("id",),
    first=("00000000-0000-0000-0000-000000000000",),
    place=lambda row: ("consent_givennumber", "sealed", str(row[0])),
)


def asked(items: Iterable[str]) -> list[tuple[Item, Field]]:
    """Return the items of these for which a firm is asked a number, each with the field that it is."""
    catalogue = loader.load()
    found = [catalogue.item(name) for name in sorted(items)]
    return [(item, item.field(item.asks)) for item in found if item.asks is not None]


def checked(numbers: Mapping[str, str], items: Iterable[str]) -> dict[str, str]:
    """Return the numbers, cleaned, by item; those left empty are none. NotPossible names item and fault."""
    given = {item: text for item, text in numbers.items() if text.strip()}
    known = {item.item: (item, field) for item, field in asked(items)}
    cleaned = {}
    for name, text in given.items():
        if name not in known:
            raise NotPossible(f"信息项“{name}”不需要户号，或不在这份授权内")
        item, field = known[name]
        try:
            cleaned[name] = str(field.field_type.clean(text))
        except Unclean as error:
            raise NotPossible(f"{item.label}的{field.label}：{error.message}") from error
    return cleaned


def shown(numbers: Mapping[str, str]) -> dict[str, Any]:
    """Return what stands for numbers where people read and sign: masked, and committed to under the node's
    key.
    """
    masks = {item.item: field.field_type for item, field in asked(numbers)}
    return {
        item: {
            "masked": masks[item].mask(number),
            "commitment": salted_hmac(
                "rongxin.consent.given_numbers", number, algorithm="sha256"
            ).hexdigest(),
        }
        for item, number in sorted(numbers.items())
    }


def keep(numbers: Mapping[str, str], *, consent: UUID | None = None, matter: UUID | None = None) -> None:
    """Keep numbers beside a consent, or beside the matter that waits for signatures."""
    for item, number in numbers.items():
        id = uuid4()
        sealed = keyring.data_keys().seal(number.encode(), place=SEALED.place((id,)))
        GivenNumber.objects.create(id=id, consent_id=consent, matter_id=matter, item=item, sealed=sealed)


def adopt(matter: UUID, consent: UUID) -> None:
    """Hand what was given with the first signature to the consent that came of the last."""
    GivenNumber.objects.filter(matter=matter).update(consent=consent, matter=None)


def of(consent: UUID) -> dict[str, str]:
    """Return the numbers of a consent by item, in clear: for the question to the provider."""
    return {row.item: _opened(row) for row in GivenNumber.objects.filter(consent=consent)}


def masked(consent: UUID) -> list[tuple[Item, Field, str]]:
    """Return the numbers of a consent as people may read them."""
    given = of(consent)
    return [(item, field, field.field_type.mask(given[item.item])) for item, field in asked(given)]


def forget(*, consent: UUID | None = None, matter: UUID | None = None) -> None:
    """Delete the numbers of a consent or a matter that is over."""
    rows = GivenNumber.objects.all()
    (rows.filter(consent=consent) if consent is not None else rows.filter(matter=matter)).delete()


def _opened(row: GivenNumber) -> str:
    return keyring.data_keys().open(bytes(row.sealed), place=SEALED.place((row.id,))).decode()
