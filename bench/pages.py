"""How long people wait for each page, and how much it weighs, beside an empty page of the same frame.

A running node (`rongxin serve`, two web processes) with 100,000 subjects, their records, 2,000 consents and
300,000 looks is asked for every page of the portals, by whom it is for; two readers at a time. p95 must be at
most 500 ms and the page at most 100 KB before pictures.

Floor: for each reader a page that isn't theirs: session, visitor, menu and frame, and one sentence. Pages and
floors are asked in turn, in a new order each round.

    rongxin bench pages [--rounds 20] [--firms 100000] [--consents 2000] [--looks 300000] [--withdrawn 200]
"""

from __future__ import annotations

import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

DEFAULTS = {"rounds": 20, "firms": 100_000, "consents": 2_000, "looks": 300_000, "withdrawn": 200}
READERS = 2
WARM_UP = 3
P95_MS_MAX = 500
BYTES_MAX = 100_000


class Page(NamedTuple):
    """One page: who reads it, where it is, and how it is asked for (a form's fields by POST)."""

    who: str
    path: str
    form: str = ""


# Pages with a number in their address, and those asked for by a form; all others are found by themselves.
NAMED = (
    Page("", "/catalogue/tax_payment"),
    Page("owner", "/enterprise/requests/{request}"),
    Page("owner", "/enterprise/requests/{request}/sign"),
    Page("owner", "/enterprise/consents/{consent}"),
    Page("owner", "/enterprise/uses?own=1"),
    Page("owner", "/enterprise/uses/{use}"),
    Page("owner", "/enterprise/rights/object/honours"),
    Page("owner", "/enterprise/held", "form=page"),
    Page("owner", "/enterprise/uses?from=2026-01-01&to=2026-12-31"),
    Page("clerk", "/institution?find=1&sort=oldest"),
    Page("clerk", "/institution/log?find=CX-29&outcome=released"),
    Page("clerk", "/institution/applications?find=1&group=all"),
    Page("desk", "/operator/objections?find=1&all=1&sort=newest"),
    Page("audit", "/operator/record?kind=consent.withdrawn"),
    Page("audit", "/operator/record?kind=moved.out&from=2026-01-01&to=2026-12-31"),
    Page("clerk", "/institution/cases/{case}"),
    Page("clerk", "/institution/cases/{case}/report", "form=page"),
)
READERS_OF = {"enterprise": ("owner",), "institution": ("clerk",), "provider": ("provider",)}
READERS_OF |= {"operator": ("security", "desk", "audit")}
# A page that isn't theirs, for each reader.
FLOORS = {
    "": "/no/such/page",
    "owner": "/operator",
    "clerk": "/operator",
    "provider": "/operator",
    "security": "/provider",
    "desk": "/provider",
    "audit": "/provider",
}


def run(arguments: Mapping[str, str]) -> dict[str, object]:
    """Measure, and return the figures with their floor; progress goes to standard error."""
    unknown = set(arguments) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: this bench knows {', '.join(DEFAULTS)}")
    given = {key: int(arguments.get(key, default)) for key, default in DEFAULTS.items()}
    known = _script(
        "_stage.py", "bench_pages", {"firms": given["firms"], "consents": given["consents"], "facts": 1}
    )
    environment = {
        **os.environ,
        "DATABASE_URL": known["url"],
        "RONGXIN_VAR": known["var"],
        "RONGXIN_MODE": "demo",
    }
    environment |= {"DJANGO_SETTINGS_MODULE": "rongxin.site.settings"}
    _say("people")
    if "people" not in known:
        given_people = json.dumps({"looks": given["looks"], "withdrawn": given["withdrawn"]})
        command = [sys.executable, str(Path(__file__).with_name("_page_people.py")), given_people]
        told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
        known["people"] = json.loads(told.splitlines()[-1])
        (Path(known["var"]) / "stage.json").write_text(json.dumps(known))
    with _served(known, environment) as address:
        return _figures(_measure(address, known["people"], given["rounds"]))


def _script(name: str, database: str, parameters: Mapping[str, int]) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).with_name(name)), database, json.dumps(parameters)]
    subprocess.run(command, check=True)
    known: dict[str, Any] = json.loads(
        (Path(os.environ["RONGXIN_VAR"]) / database / "stage.json").read_text()
    )
    return known


@contextmanager
def _served(known: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[str]:
    addresses = Path(known["var"]) / "demo" / "addresses.json"
    addresses.unlink(missing_ok=True)
    command = [sys.executable, "-m", "rongxin", "serve", "--without-worker", "--port", "0", "--workers", "2"]
    server = subprocess.Popen(command, env=dict(environment), stdout=sys.stderr)
    try:
        deadline = time.monotonic() + 300
        while not addresses.exists():
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start ({server.poll()}); its error is above")
            time.sleep(0.1)
        address = json.loads(addresses.read_text())["web"].rstrip("/")
        while not _answers(address):  # the address is written before anybody listens there
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server does not answer ({server.poll()}); its error is above")
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(60)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address + "/static/rongxin/rongxin.svg", timeout=10):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _measure(address: str, people: Mapping[str, Any], rounds: int) -> dict[Page, list[tuple[float, int]]]:
    floors = [Page(who, path) for who, path in FLOORS.items()]
    asked, found = [*_pages(people["paths"]), *floors], defaultdict(list)
    rng = random.Random(52)
    for number in range(-WARM_UP, rounds):
        rng.shuffle(asked)
        with ThreadPoolExecutor(READERS) as readers:
            answers = list(readers.map(lambda page: _ask(address, people, page), asked))
        if number < 0:  # warms up each process, and tells which addresses are no page of this reader's
            shown = {page for page, (_, _, said) in zip(asked, answers, strict=True) if said == "200"}
            if lost := {
                page: said
                for page, (_, _, said) in zip(asked, answers, strict=True)
                if page in NAMED and page not in shown
            }:
                raise RuntimeError(f"not shown: {lost}")
            asked = [page for page in asked if page in shown or page in floors]
            continue
        for page, (took, size, _) in zip(asked, answers, strict=True):
            found[page].append((took, size))
    return found


def _pages(paths: Sequence[str]) -> list[Page]:
    by_themselves = [
        Page(who, path) for path in paths for who in READERS_OF.get(path.strip("/").partition("/")[0], ("",))
    ]
    return [*by_themselves, *NAMED]


class _Stay(urllib.request.HTTPRedirectHandler):
    """Where a page sends its reader elsewhere, it is no page."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _ask(address: str, people: Mapping[str, Any], page: Page) -> tuple[float, int, str]:
    path = page.path
    for name, value in people["numbers"].items():
        path = path.replace("{" + name + "}", value)
    token = "c" * 32
    headers = {"Cookie": f"sessionid={people['sessions'][page.who]}; csrftoken={token}"}
    data = None
    if page.form:
        data, headers["X-CSRFToken"] = page.form.encode(), token
    request = urllib.request.Request(address + path, data=data, headers=headers)
    began = time.perf_counter()
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=60) as answer:
            content, status = answer.read(), answer.status
    except urllib.error.HTTPError as refusal:
        content, status = refusal.read(), refusal.code
    if status >= 500:
        raise RuntimeError(f"{page}: {status}: {content[:2000].decode(errors='replace')}")
    took = time.perf_counter() - began
    return took, len(content), "200" if status == 200 else f"{status}: {_words(content)}"


def _words(content: bytes) -> str:
    """What a page says that isn't what was asked for."""
    main = content.decode(errors="replace").partition("<main")[2]
    return " ".join(re.sub(r"<[^>]*>|^[^>]*>", " ", main).split())[:300]


def _figures(found: Mapping[Page, Sequence[tuple[float, int]]]) -> dict[str, object]:
    def p95(page: Page) -> float:
        took = [one for one, _ in found[page]]
        if len(took) == 1:
            return round(took[0] * 1000, 1)
        return round(statistics.quantiles(took, n=20, method="inclusive")[-1] * 1000, 1)

    floors = {Page(who, path) for who, path in FLOORS.items()}
    lines = []
    for page in (page for page in found if page not in floors):
        floor = p95(Page(page.who, FLOORS[page.who]))
        name = f"{'POST ' if page.form else ''}{page.path}"
        size = max(size for _, size in found[page])
        lines.append({"page": name, "who": page.who, "p95_ms": p95(page), "floor_ms": floor, "bytes": size})
    lines.sort(key=lambda line: -float(line["p95_ms"]))
    return {
        "holds": all(line["p95_ms"] <= P95_MS_MAX and line["bytes"] <= BYTES_MAX for line in lines),
        "slowest_p95_ms": lines[0]["p95_ms"],
        "heaviest_bytes": max(int(line["bytes"]) for line in lines),
        "floors_ms": {who or "nobody": p95(Page(who, path)) for who, path in FLOORS.items()},
        "pages": lines,
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
