"""`rongxin city`: build the synthetic city 云州市 (all of it invented)."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from rongxin.city import stories


@click.group()
def command() -> None:
    """Build the synthetic city 云州市; every name, number and fact in it is invented (虚构)."""


@command.command()
@click.option(
    "--subjects",
    default=10_000,
    show_default=True,
    type=click.IntRange(min=stories.RESERVED, max=stories.MOST),
    help="How many subjects.",
)
@click.option(
    "--seed", default=7, show_default=True, help="The same seed, size and date give the same bytes."
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="A new directory."
)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The day the city is seen on.")
@click.option(
    "--processes",
    default=None,
    type=click.IntRange(min=1, max=16),
    help="How many processes write; the bytes don't depend on it.  [default: one a core]",
)
def generate(subjects: int, seed: int, out: Path, as_of: datetime | None, processes: int | None) -> None:
    """Write department files, providers' stores and manifest.json into OUT; print a summary as JSON."""
    from rongxin.city import generation

    with _progress() as progress:
        try:
            manifest = generation.generate(
                out,
                subjects=subjects,
                seed=seed,
                progress=progress,
                as_of=as_of.date() if as_of else generation.AS_OF,
                processes=processes or len(os.sched_getaffinity(0)),
            )
        except generation.CityError as error:
            raise click.ClickException(str(error)) from None
    summary = {
        "out": str(out),
        "subjects": manifest.subjects,
        "files": len(manifest.files),
        "rows": sum(entry.rows for entry in manifest.files),
        "faults": sum(entry.faults for entry in manifest.files),
        "stores": len(manifest.stores),
        "stories": Counter(story["id"] for story in manifest.stories),
    }
    click.echo(json.dumps(summary, ensure_ascii=False))


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, a line each tenth elsewhere; on stderr, since stdout carries the summary."""
    begun = time.monotonic()
    if not sys.stderr.isatty():
        yield lambda done, total: _line(done, total, time.monotonic() - begun)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("云州市（虚构）", total=None, rate="")
        yield lambda done, total: bar.update(
            task, completed=done, total=total, rate=f"{done / max(0.001, time.monotonic() - begun):,.0f}/s"
        )


def _line(done: int, total: int, seconds: float) -> None:
    tenth = max(1, total // 10)
    if done == total or done // tenth > (done - 1_000) // tenth:
        rate = done / max(0.001, seconds)
        left = (total - done) / rate
        click.echo(f"city: {done} of {total} subjects, {rate:,.0f}/s, {left:,.0f} s left", err=True)
