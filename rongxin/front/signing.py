"""What the front signs for those inside: they post plain JSON, the institution's key stays here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from rongxin.client import calls, deletion
from rongxin.client.calls import Document
from rongxin.client.errors import ClientError, Problem
from rongxin.client.senders import Client
from rongxin.front import carrying, replies
from rongxin.front.replies import Asked, Denied, Reply
from rongxin.proof.keys import Signs

_SAYS = {"deleted": ("deleted_on",), "restricted": ("until", "law")}
_TOKENS = "oauth/token"
_FORMS = ("oauth/par", _TOKENS)
_GRANT = "authorization_code"
_TOKEN = ("access_token", "token_type", "expires_in", "scope")


def receipt_of(asked: Asked, path: str) -> UUID | None:
    """Return of which consent a request states the end of data; None where it is another request."""
    parts = path.split("/")
    if asked.method != "POST" or len(parts) != 3 or (parts[0], parts[2]) != ("deletion-duties", "receipt"):
        return None
    try:
        return UUID(parts[1])
    except ValueError:
        return None


def signed_receipt(asked: Asked, consent: UUID, node: Client, key: Signs) -> Asked:
    """Return the request with what is stated signed by the institution; as it is where nothing is stated."""
    said = replies.read_json(asked.body)
    names = _SAYS.get(str(said.get("statement")), ()) if isinstance(said, dict) else ()
    stated = {name: said[name] for name in names if isinstance(said.get(name), str)}
    if not names or len(stated) < len(names) or said.get("receipt"):
        return asked  # the node says what is wrong with it
    try:
        duties = node.send(deletion.of_consent(consent))
    except Problem:
        return asked
    except ClientError as error:
        raise carrying.denied(error) from error
    if not duties:
        return asked
    token = deletion.receipt(duties[0], said["statement"], stated, key)
    return Asked(
        asked.method, asked.path, asked.query, asked.headers, json.dumps({"receipt": token}).encode()
    )


def is_form(path: str) -> bool:
    return path in _FORMS


def signed_form(asked: Asked, path: str, node: Client, account: str) -> Reply:
    """Post what is to be pushed or redeemed (RFC 9126, 6749 §4.1.3), signed; a token stays here."""
    fields = _fields(asked)
    if asked.method != "POST" or (path == _TOKENS and fields.get("grant_type") != _GRANT):
        title = "令牌只由前置机自己取得和保管 tokens are the front's own: ask for what you need by /api/v1/"
        raise Denied(403, "token_not_given", title)
    if path == _TOKENS:
        return _without_token(carrying.sent(node, calls.form(path, Document, fields)))
    return carrying.sent(node, calls.form(path, Document, {**fields, "client_id": account}))


def _without_token(reply: Reply) -> Reply:
    """Return what was redeemed alone: a token is bound to the front's session and has no business inside."""
    if reply.status >= 300:
        return reply
    said = replies.read_json(b"".join(reply.blocks or ()))
    reply.close()
    return replies.as_json({name: value for name, value in said.items() if name not in _TOKEN})


def _fields(asked: Asked) -> Mapping[str, str]:
    """Return the form's fields, posted as a form or as JSON, where parts may be JSON themselves."""
    if "json" not in asked.headers.get("content-type", ""):
        return dict(parse_qsl(asked.body.decode("utf-8", "replace"), keep_blank_values=True))
    said = replies.read_json(asked.body)
    if not isinstance(said, dict):
        raise Denied(400, "malformed_json", "请给出一个 JSON 对象 give one JSON object")
    return {str(name): value if isinstance(value, str) else _text(value) for name, value in said.items()}


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
