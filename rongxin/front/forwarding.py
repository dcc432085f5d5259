"""What is done with events beside answering: posted on inside, in order, until 2xx; forgotten when old."""

from __future__ import annotations

import logging
import ssl
import threading
from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook

from rongxin.front.config import Config, Forward
from rongxin.front.errors import FrontError
from rongxin.front.events import Inbox, Kept

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_LOOK_SECONDS = 0.5
_AT_ONCE = 100
_SWEEP_SECONDS = 6 * 3600.0
_TIMEOUT_SECONDS = 20.0


def begin(config: Config, inbox: Inbox, stop: threading.Event) -> threading.Thread | None:
    """Begin to post on, where an address is configured, until `stop`."""
    if config.forward is None:
        return None
    context = (
        ssl.create_default_context(cafile=config.at(config.forward.authority))
        if (config.forward.authority)
        else True
    )
    http = httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False, follow_redirects=False, verify=context)
    inbox.forward_to(config.forward.url, inbox.forwarded(config.forward.url))
    work = threading.Thread(
        target=_go, args=(config.forward, inbox, http, stop), name="forwarding", daemon=True
    )
    work.start()
    return work


def begin_sweeping(config: Config, inbox: Inbox, stop: threading.Event) -> threading.Thread:
    """Begin to forget what is older than the settings say, until `stop`."""

    def sweep() -> None:
        while not stop.is_set():
            try:
                inbox.sweep(days=config.limits.event_days, now=datetime.now(UTC))
            except FrontError as error:
                _LOG.warning("%s", error)
            stop.wait(_SWEEP_SECONDS)

    work = threading.Thread(target=sweep, name="sweeping", daemon=True)
    work.start()
    return work


def _go(forward: Forward, inbox: Inbox, http: httpx.Client, stop: threading.Event) -> None:
    pause = _FIRST_PAUSE
    while not stop.is_set():
        try:
            waiting = inbox.after(inbox.forwarded(forward.url), _AT_ONCE)
            for one in waiting:
                _post(forward, one, http)
                inbox.forward_to(forward.url, one.position)
                pause = _FIRST_PAUSE
            stop.wait(0 if len(waiting) == _AT_ONCE else _LOOK_SECONDS)
        except (httpx.HTTPError, FrontError, OSError) as error:
            _LOG.warning(
                "%s: 未能转交，%s 秒后再试 not posted on, again in %s s: %s", forward.url, pause, pause, error
            )
            stop.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _post(forward: Forward, one: Kept, http: httpx.Client) -> None:
    """Post one event as it came, signed anew where inside another secret is agreed on."""
    now = datetime.now(UTC)
    said = {"content-type": "application/json", "webhook-id": one.id}
    if forward.secret:
        said["webhook-timestamp"] = str(int(now.timestamp()))
        said["webhook-signature"] = Webhook(forward.secret).sign(one.id, now, one.body.decode())
    http.post(forward.url, content=one.body, headers=said).raise_for_status()
