"""The one process that answers at an address: bodies come to its application by RSGI, TLS is the server's."""

from __future__ import annotations

from typing import Any

from granian import Granian
from granian.constants import Interfaces

from rongxin.outpost.tls import Tls


def run(application: str, address: tuple[str, int], files: Tls | None, **more: Any) -> None:
    """Serve until told to stop what the function called `application` (module:name) makes in the process that
    serves. `more` is Granian's own.
    """
    host, port = address
    Granian(
        application,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=1,
        websockets=False,
        backlog=256,
        log_access=False,
        ssl_cert=files.certificate if files else None,
        ssl_key=files.key if files else None,
        ssl_ca=files.client_authority if files else None,
        ssl_client_verify=files is not None and files.client_authority is not None,
        factory=True,
        **more,
    ).serve()
