"""How fast a department's file comes into the store, its lake file included (promise P3).

`rongxin bench intake [--rows 1000000 --firms 50000 --xlsx-rows 100000 --twice 1000 --peer 1 --larger 0]`. The
floor is a COPY of the same rows, ready as JSON, into an identical table with the same indexes, in one run.
Each part is a process of its own, on a database of their own, `bench_intake`, dropped at the end. As in real
files some lines stand there twice, after the others: a file without any takes a shorter way.
`ratio` = floor's seconds / ours. `cpu_ratio` says the same of processor time, the server's included: on a
busy machine seconds tell what else ran. `--larger 10000000` files so many rows more, into another database.
"""

from __future__ import annotations

import csv
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import psycopg

DATABASE = "bench_intake"
DEFAULTS = {"rows": 1_000_000, "firms": 50_000, "xlsx_rows": 100_000, "twice": 1000, "peer": 1, "larger": 0}
ITEM, PROVIDER = "administrative_penalty", "development_reform_commission"
FIELDS = [
    "name",
    "uscc",
    "counterpart_category",
    "legal_representative",
    "document_number",
    "document_title",
    "violation_type",
    "violation_facts",
    "penalty_basis",
    "penalty_content",
    "fine_cny",
    "confiscated_cny",
    "decided_on",
    "valid_until",
    "authority",
]
RATIO, MEMORY_MIB, XLSX_CPU_S, GROWTH = 0.60, 512, 3.0, 1.10


def run(arguments: Mapping[str, str]) -> dict[str, object]:
    """Measure, and return the figures with their floor; progress goes to standard error."""
    unknown = set(arguments) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: this bench knows {', '.join(DEFAULTS)}")
    given = {key: int(arguments.get(key, default)) for key, default in DEFAULTS.items()}
    with TemporaryDirectory(prefix="bench-intake-") as folder:
        url = _new_database()
        try:
            _child(url, folder, "stage", given)
            ours = _child(url, folder, "ours", given)
            floor, floor_cpu = _floor(url, Path(folder))
            sheet = _child(url, folder, "sheet", given) if given["xlsx_rows"] else {}
            peer = _child(url, folder, "peer", given) if given["peer"] else {}
        finally:
            _drop()
    larger = _larger(given, ours) if given["larger"] else {}
    ratio = floor / ours["seconds"]
    return {
        "ratio": round(ratio, 3),
        "cpu_ratio": round(floor_cpu / (ours["cpu_seconds"] + ours["database_cpu_seconds"]), 3),
        "rows": given["rows"],
        "columns": len(FIELDS),
        "ours": ours,
        "floor_seconds": round(floor, 2),
        "floor_cpu_seconds": round(floor_cpu, 2),
        "xlsx": sheet,
        "peer": peer,
        "larger": larger,
        "reached": {
            "ratio": ratio >= RATIO,
            "memory": ours["memory_mib"] <= MEMORY_MIB,
            "xlsx": not sheet or sheet["cpu_seconds"] <= XLSX_CPU_S,
            "growth": not larger or larger["cost_per_row"] <= GROWTH,
        },
    }


def _larger(given: Mapping[str, int], ours: Mapping[str, Any]) -> dict[str, Any]:
    """File a larger file the same way; what one of its rows costs, as a multiple of what it cost before."""
    size = {**given, "rows": given["larger"], "xlsx_rows": 0}
    with TemporaryDirectory(prefix="bench-intake-") as folder:
        url = _new_database()
        try:
            _child(url, folder, "stage", size)
            done = _child(url, folder, "ours", size)
        finally:
            _drop()
    times = size["rows"] / given["rows"]
    cpu = [part["cpu_seconds"] + part["database_cpu_seconds"] for part in (done, ours)]
    return {
        **done,
        "rows": size["rows"],
        "cost_per_row": round(done["seconds"] / ours["seconds"] / times, 3),
        "cpu_per_row": round(cpu[0] / cpu[1] / times, 3),
    }


def _new_database() -> str:
    _drop()
    base = os.environ["DATABASE_URL"]
    with psycopg.connect(base, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {DATABASE}")
    parts = urlsplit(base)  # urlunsplit would drop the // of an address without a host
    return f"{parts.scheme}://{parts.netloc}/{DATABASE}?{parts.query}"


def _drop() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def _child(url: str, folder: str, part: str, given: Mapping[str, int]) -> Any:
    """Run one part of this file in a process of its own; its answer is the last line."""
    _say(f"{part} …")
    environment = os.environ | {
        "DATABASE_URL": url,
        "RONGXIN_VAR": folder,
        "RONGXIN_MODE": "demo",
        "DJANGO_SETTINGS_MODULE": "rongxin.site.settings",
    }
    command = [sys.executable, __file__, part, folder, json.dumps(given)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _floor(url: str, folder: Path) -> tuple[float, float]:
    """Take the filed rows out as COPY text, then time their way into an identical table."""
    _say("floor …")
    ready = folder / "ready.copy"
    with psycopg.connect(url, autocommit=True) as raw:
        with ready.open("wb") as file, raw.cursor().copy("COPY (TABLE records_record) TO STDOUT") as out:
            file.writelines(out)
        raw.execute(
            "CREATE TABLE bench_floor (LIKE records_record INCLUDING DEFAULTS INCLUDING CONSTRAINTS"
            " INCLUDING INDEXES, FOREIGN KEY (subject_id) REFERENCES parties_subject (id))"
            " PARTITION BY HASH (subject_id)"
        )
        for n in range(16):
            raw.execute(
                f"CREATE TABLE bench_floor_{n} PARTITION OF bench_floor"
                f" FOR VALUES WITH (MODULUS 16, REMAINDER {n})"
            )
        raw.execute("CHECKPOINT")
        began, cpu, before = time.perf_counter(), time.process_time(), spent(raw)
        with ready.open("rb") as file, raw.cursor().copy("COPY bench_floor FROM STDIN") as copy:
            while block := file.read(1 << 20):
                copy.write(block)
        seconds = time.perf_counter() - began
        return seconds, spent(raw) - before + time.process_time() - cpu


def spent(raw: psycopg.Connection[Any]) -> float:
    """The processor seconds of the server's process behind a connection on this machine; none elsewhere."""
    pid = raw.info.backend_pid
    times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


def stage(folder: Path, given: Mapping[str, int]) -> dict[str, Any]:
    """Make the tables, the firms and the two files."""
    import _stage
    from django.core.management import call_command

    from rongxin.catalogue import loader
    from rongxin.parties import seed
    from rongxin.vocabulary.actor import SYSTEM

    call_command("migrate", verbosity=0, interactive=False)
    now = datetime.now(UTC)
    seed.seed(loader.load(), actor=SYSTEM, as_of=now)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as raw:
        firms = _stage._firms(raw, given["firms"], random.Random(52), now)
        raw.execute("VACUUM (ANALYZE)")
    header = [loader.load().item(ITEM).column(name).label for name in FIELDS]
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(header)
        out.writerows(_rows(firms, given["rows"], "云罚"))
        out.writerows(_rows(firms, min(given["twice"], given["rows"]), "云罚"))
    if given["xlsx_rows"]:
        import xlsxwriter

        with xlsxwriter.Workbook(folder / "rows.xlsx", {"constant_memory": True}) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, header)
            for number, row in enumerate(_rows(firms, given["xlsx_rows"], "云罚表"), 1):
                sheet.write_row(number, 0, row)
    return {"csv_bytes": (folder / "rows.csv").stat().st_size}


def _rows(firms: list[Any], count: int, mark: str) -> Iterator[list[str]]:
    rng = random.Random(7)
    from rongxin.catalogue import example, loader

    item = loader.load().item(ITEM)
    # A natural person's row would be turned away (notice, annex note 2): that isn't what is measured.
    shapes = [row for _ in range(900) if (row := example.row(item, rng))["counterpart_category"] != "自然人"]
    for number in range(count):
        shape = rng.choice(shapes)
        _, code, name = firms[number % len(firms)]
        # In hexadecimal: from a million up, year and number would make eleven digits in a row, and be
        # searched for a phone's number like any text that may hold one. Rows of all sizes are to be alike.
        own = {"name": name, "uscc": code, "document_number": f"{mark}〔2026〕{number:X}号"}
        yield [str(own.get(field, shape.get(field))) for field in FIELDS]


def ours(folder: Path, given: Mapping[str, int]) -> dict[str, Any]:
    """File the rows as `rongxin intake submit` does, lake file included."""
    began, cpu = time.perf_counter(), time.process_time()
    receipt = _submit(folder / "rows.csv")
    seconds = time.perf_counter() - began
    from django.db import connection

    from rongxin.records import lake_keeping
    from rongxin.records.models import LakeFile

    assert not lake_keeping.catch_up(as_of=datetime.now(UTC)), "the lake file was not written"
    rows = sum(LakeFile.objects.values_list("rows", flat=True))
    assert rows == receipt["accepted"] == given["rows"], receipt["rejects"][:3]
    assert receipt["duplicate"] == min(given["twice"], given["rows"])
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "database_cpu_seconds": round(spent(connection.connection), 2),
        "memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def sheet(folder: Path, given: Mapping[str, int]) -> dict[str, Any]:
    """File a workbook; the figure is the processor time of this process and of the child that unpacks it."""
    cpu = time.process_time()
    counts = _submit(folder / "rows.xlsx")
    own, child = time.process_time() - cpu, resource.getrusage(resource.RUSAGE_CHILDREN)
    unpacking = child.ru_utime + child.ru_stime
    return {
        "cpu_seconds": round(own + unpacking, 2),
        "of_which_unpacking": round(unpacking, 2),
        "rows": given["xlsx_rows"],
        "accepted": counts["accepted"],
    }


def _submit(path: Path) -> Any:
    from rongxin.sharing.aggregation import batches
    from rongxin.vocabulary.actor import SYSTEM

    now = datetime.now(UTC)
    return batches.submit(path, item=ITEM, provider=PROVIDER, actor=SYSTEM, as_of=now).document()


def peer(folder: Path, given: Mapping[str, int]) -> dict[str, Any]:
    """What one would write without us: pandas, pandera, to_sql. No matching, no history, no receipt."""
    try:
        import pandas
        import pandera.pandas as pandera
        import sqlalchemy
    except ImportError as error:
        return {"left_out": f"{error}; the peer needs `make check`'s environment"}
    from rongxin.vocabulary import uscc

    began = time.perf_counter()
    frame = pandas.read_csv(folder / "rows.csv", dtype=str)
    frame.columns = pandas.Index(FIELDS)
    frame[["decided_on", "valid_until"]] = frame[["decided_on", "valid_until"]].apply(pandas.to_datetime)
    frame[["fine_cny", "confiscated_cny"]] = frame[["fine_cny", "confiscated_cny"]].astype(float)
    valid = pandera.Check(lambda code: uscc.examine(code).acceptable, element_wise=True)
    pandera.DataFrameSchema(
        {
            "name": pandera.Column(str),
            "uscc": pandera.Column(str, valid),
            "document_number": pandera.Column(str, unique=True),
            "fine_cny": pandera.Column(float, pandera.Check.ge(0)),
        }
    ).validate(frame, lazy=True)
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(os.environ["DATABASE_URL"])
    )
    frame.to_sql("bench_peer", engine, index=False, chunksize=10_000)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": round(time.perf_counter() - began, 2), "memory_mib": round(memory)}


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main() -> None:
    import django

    django.setup()
    part = {"stage": stage, "ours": ours, "sheet": sheet, "peer": peer}[sys.argv[1]]
    sys.stdout.write(json.dumps(part(Path(sys.argv[2]), json.loads(sys.argv[3]))) + "\n")


if __name__ == "__main__":
    main()
