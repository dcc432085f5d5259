"""The file of OpenID providers: what is wrong in it is told with the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from rongxin.parties import openid_providers
from rongxin.parties.rules.identity import Assurance

ENTRY: dict[str, Any] = {
    "id": "city",
    "label": "统一身份认证",
    "label_en": "Unified identity",
    "issuer": "https://id.example.gov.cn",
    "client_id": "node",
    "client_secret_file": "secret",
    "claims": {"id_number": "id_card", "levels": {"face": "high", "document": "substantial"}},
}


def _file(folder: Path, *entries: dict[str, Any], secret: str = "s3cret") -> Path:
    (folder / "secret").write_text(secret)
    path = folder / "providers.yaml"
    path.write_text(yaml.safe_dump({"providers": list(entries)}))
    return path


def test_several_are_read_in_their_order_with_the_secret_beside(tmp_path: Path) -> None:
    found = openid_providers.read(_file(tmp_path, {**ENTRY, "id": "licence"}, ENTRY))
    assert list(found) == ["licence", "city"]
    assert found["city"].secret == "s3cret"
    assert found["city"].claims.levels == {"face": Assurance.HIGH, "document": Assurance.SUBSTANTIAL}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"issuer": "http://id.example.gov.cn"}, "issuer.*https"),
        ({"issuer": "https://id.example.gov.cn/?x=1"}, "issuer"),
        ({"issuer": "id.example.gov.cn"}, "issuer"),
        ({"scope": "profile"}, "openid"),
        ({"claims": {"levels": {"face": "high"}}}, "id_number"),
        ({"claims": {"id_number": "id_card", "levels": {}}}, "levels"),
        ({"claims": {"id_number": "id_card", "levels": {"face": "certain"}}}, "levels"),
        ({"client_secret": "in the file itself"}, "client_secret"),
        ({"client_secret_file": "nowhere"}, "nowhere"),
        ({"id": "City Gate"}, "id"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    with pytest.raises(openid_providers.InvalidOpenIdProviders, match=rf"(?s)providers.yaml: .*{told}"):
        openid_providers.read(_file(tmp_path, {**ENTRY, **change}))


def test_two_of_one_id_or_an_empty_secret_are_refused(tmp_path: Path) -> None:
    with pytest.raises(openid_providers.InvalidOpenIdProviders, match="same id"):
        openid_providers.read(_file(tmp_path, ENTRY, ENTRY))
    (tmp_path / "more").mkdir()
    with pytest.raises(openid_providers.InvalidOpenIdProviders, match="empty"):
        openid_providers.read(_file(tmp_path / "more", ENTRY, secret=" \n"))
