"""Keep the lake: write what was filed since, put files together, sweep what a crash left.

Each write is one REPEATABLE READ transaction: it reads the live rows, lists the new file, drops the old ones
and the endings that it has seen. What ends meanwhile is noted by the table's trigger after the snapshot, so
the note stays and readers leave the row out. The lake says nothing that `records_record` doesn't, hence no
journal entry and no actor: filing and ending have theirs (docs/decisions/0007-lake.md).
"""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet

from rongxin.catalogue import loader
from rongxin.records import filing, lake_ahead, lake_columns, lake_files
from rongxin.records.models import LakeEnding, LakeFile, LakeMark, Source

log = logging.getLogger(__name__)

# A reader may still have a file open that was replaced since, and a writer one that isn't listed yet.
GRACE_SECONDS = 3600
_FILES_MAX = 16
_ENDED_SHARE = 10  # one row in so many
_OURS = re.compile(r"[a-z][a-z0-9_]*-[0-9a-f]{32}(\.parquet|\.spool|(\.csv)?\.part)")

# Called with the item at work and the rows written of it so far.
Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Kept:
    """What was done to one item's files."""

    item: str
    rows: int
    files: int


def catch_up(*, as_of: datetime) -> list[Kept]:
    """Write the rows filed since the last time; files of an older shape are written anew. For the worker."""
    done = []
    for item in _connected():
        stale = _listed(item).exclude(shape=_shape(item)).exists()
        kept = _write(item, anew=stale, as_of=as_of)
        if kept is not None:
            done.append(kept)
    sweep(now=time.time())
    return done


def take_up(ahead: lake_ahead.LakeAhead, *, as_of: datetime) -> Kept | None:
    """List the file that was made while a batch was filed; None where none was, or it is of no use now.

    The batch is filed whatever becomes of this: what fails here is left to the worker, who reads the table.
    """
    try:
        made = ahead.finished()
        return None if made is None else _write(ahead.item, as_of=as_of, ahead=made)
    except (OSError, DatabaseError, duckdb.Error):
        log.exception("the lake file of a batch of %s is left to the worker", ahead.item)
        return None


def rebuild(
    *, as_of: datetime, items: list[str] | None = None, progress: Progress | None = None
) -> list[Kept]:
    """Write the files of all items (or these) anew from the table."""
    wanted = items if items is not None else _connected()
    return [kept for item in wanted if (kept := _write(item, anew=True, as_of=as_of, progress=progress))]


def compact(*, as_of: datetime, progress: Progress | None = None) -> list[Kept]:
    """Put together what lies in many small files, write anew what has lost many rows, then sweep."""
    done = []
    for item in _connected():
        if _has_lost_many(item):
            done += rebuild(as_of=as_of, items=[item], progress=progress)
        elif _small(item).count() > _FILES_MAX:
            done += _put_together(item, as_of=as_of, progress=progress)
    sweep(now=time.time())
    return done


def sweep(*, now: float, grace_seconds: float = GRACE_SECONDS) -> int:
    """Delete files of ours that no manifest lists and nobody can be at work on; return how many."""
    swept = 0
    for path in unlisted():
        try:
            old = now - path.stat().st_mtime >= grace_seconds
        except FileNotFoundError:
            continue  # its writer has just renamed it
        if old and _OURS.fullmatch(path.name):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            swept += 1
    return swept


def unlisted() -> list[Path]:
    """Return the files in the lake's folder that don't count."""
    folder = lake_files.directory()
    if not folder.is_dir():
        return []
    # The folder first: what is listed in between then stands in the manifest.
    lying = sorted(path for path in folder.iterdir() if path.is_file() or is_ours(path))
    listed = set(LakeFile.objects.values_list("name", flat=True))
    return [path for path in lying if path.name not in listed]


def is_ours(path: Path) -> bool:
    """Whether a file's name is one that only a writer of the lake gives."""
    return _OURS.fullmatch(path.name) is not None


def _write(
    item: str,
    *,
    as_of: datetime,
    anew: bool = False,
    ahead: lake_ahead.Ahead | None = None,
    progress: Progress | None = None,
) -> Kept | None:
    """Write an item's rows beyond its mark, or all of them, and list the file; None if nothing was to do.

    Rows that stand in a file made `ahead` are not read; it is listed beside.
    """
    with _alone(item):
        through = filing.settled_through(item)
        with snapshot():
            mark = LakeMark.objects.filter(item=item).values_list("through_id", flat=True).first() or 0
            if through <= mark and not anew:
                return None
            after = 0 if anew else mark
            if ahead is not None and ahead.ids.first <= after:
                ahead = None  # the worker was quicker
            told = (lambda rows: progress(item, rows)) if progress is not None else None
            columns = lake_columns.of(loader.load().item(item))
            but = (ahead.ids.first, ahead.ids.last) if ahead is not None else None
            files = lake_files.write(item, columns, after=after, through=through, but=but, progress=told)
            if ahead is not None:
                files += [lake_files.put(made) for made in ahead.files]
            _forget_endings(item, after, but)
            _list(item, files, after=after, through=through, as_of=as_of)
    if not files and not anew:
        return None
    return Kept(item, sum(file.rows for file in files), len(files))


def _put_together(item: str, *, as_of: datetime, progress: Progress | None) -> list[Kept]:
    """Write the rows of an item's small files to fewer; all of its files, where these can't be read."""
    with _alone(item), snapshot():
        small = list(_small(item).order_by("name"))
        paths = [lake_files.directory() / listed.name for listed in small]
        if all(path.is_file() for path in paths) and {one.shape for one in small} == {_shape(item)}:
            noted = LakeEnding.objects.filter(item=item, record_id__range=lake_files.id_range(paths))
            gone = lake_files.standing(paths, list(noted.values_list("record_id", flat=True)))
            told = (lambda rows: progress(item, rows)) if progress is not None else None
            columns = lake_columns.of(loader.load().item(item))
            files = lake_files.put_together(item, columns, paths, gone=gone, progress=told)
            LakeEnding.objects.filter(record_id__in=gone).delete()
            LakeFile.objects.filter(name__in=[one.name for one in small]).delete()
            _note(item, files, as_of=as_of)
            return [Kept(item, sum(file.rows for file in files), len(files))]
    return rebuild(as_of=as_of, items=[item], progress=progress)


def _forget_endings(item: str, after: int, but: tuple[int, int] | None) -> None:
    """Endings that this snapshot has seen are in no file of it. Those of older files stay, and those of rows
    in a file made ahead: it had begun before them."""
    endings = LakeEnding.objects.filter(item=item, record_id__gt=after)
    (endings.exclude(record_id__range=but) if but is not None else endings).delete()


def _list(item: str, files: list[lake_files.Prepared], *, after: int, through: int, as_of: datetime) -> None:
    """Make files count in place of those they replace."""
    if after == 0:
        _listed(item).delete()
    _note(item, files, as_of=as_of)
    LakeMark.objects.update_or_create(item=item, defaults={"through_id": through})


def _note(item: str, files: list[lake_files.Prepared], *, as_of: datetime) -> None:
    LakeFile.objects.bulk_create(
        LakeFile(
            name=written.name,
            item=item,
            shape=_shape(item),
            rows=written.rows,
            sha256=written.sha256,
            size_bytes=written.size_bytes,
            is_full=written.full,
            written_at=as_of,
        )
        for written in files
    )


@contextmanager
def snapshot() -> Iterator[None]:
    """A transaction whose statements all see the same state of the database."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


@contextmanager
def _alone(item: str) -> Iterator[None]:
    """One writer an item. A session's lock, since a transaction's would come after its snapshot."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"records.lake:{item}"])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [f"records.lake:{item}"])


def _has_lost_many(item: str) -> bool:
    ended = LakeEnding.objects.filter(item=item).count()
    return ended > 0 and ended * _ENDED_SHARE >= sum(_listed(item).values_list("rows", flat=True))


def _connected() -> list[str]:
    known = loader.load().items
    return [item for item in Source.objects.order_by("item").values_list("item", flat=True) if item in known]


def _listed(item: str) -> QuerySet[LakeFile]:
    return LakeFile.objects.filter(item=item)


def _small(item: str) -> QuerySet[LakeFile]:
    return _listed(item).filter(is_full=False)


def _shape(item: str) -> str:
    return lake_columns.shape(loader.load().item(item))
