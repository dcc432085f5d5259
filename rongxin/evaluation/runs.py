"""全覆盖评价: score everybody, bucket by bucket, and publish the whole at once (国办发〔2021〕52号 （七）).

A run lays down its facts, then scores bucket after bucket; each bucket's scores are committed with the note
that it is done, so a killed run goes on where it was. Nobody reads a run before it is published, and
publishing is one row: readers see one whole run or the one before.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from django.db import connection, transaction

from rongxin.consent.rules import business_day
from rongxin.evaluation import compiling, engines, facts, lines, queueing
from rongxin.evaluation.errors import NothingToScore, RunUnderWay
from rongxin.evaluation.facts import Progress
from rongxin.evaluation.models import Bucket, Run
from rongxin.evaluation.monitoring import shadow
from rongxin.evaluation.spans import Span
from rongxin.evaluation.states import RunKind, RunState
from rongxin.evaluation.tiers import Tier
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.vocabulary.actor import Actor

_OPEN = (RunState.PREPARING.value, RunState.SCORING.value)


@dataclass(frozen=True)
class Outcome:
    """A published run, and what it took."""

    run: int
    kind: RunKind
    version: str
    as_of: date
    subjects: int
    buckets: int
    resumed_buckets: int
    wall_seconds: float
    sha256: str

    def document(self) -> dict[str, object]:
        return {
            "run": self.run,
            "kind": self.kind.value,
            "version": self.version,
            "as_of": self.as_of.isoformat(),
            "scored_subjects": self.subjects,
            "buckets": self.buckets,
            "resumed_buckets": self.resumed_buckets,
            "wall_seconds": round(self.wall_seconds, 2),
            "sha256": self.sha256,
        }


def full(
    *,
    day: date,
    version: str,
    engine: str = "duckdb",
    buckets: int | None = None,
    progress: Progress,
    actor: Actor,
    as_of: datetime,
) -> Outcome:
    """Score all registered subjects as of a day, publish, and return what was done.

    The same run that was interrupted is gone on with. Raises `RunUnderWay`, `NothingToScore`,
    records.LakeDamaged.
    """
    with _alone(f"full:{day}:{version}:{engine}"):
        run = Run.objects.filter(
            kind=RunKind.FULL, as_of=day, version=version, tier=Tier.PUBLIC, engine=engine, state__in=_OPEN
        ).first()
        if not Run.objects.filter(kind=RunKind.FULL).exists():
            queueing.skip(as_of=as_of)  # before anything is read: what is news by now, this run sees
        run = run or _begin(RunKind.FULL, day, version, engine, as_of)
        return _carry_out(run, only=None, buckets=buckets, progress=progress, actor=actor, as_of=as_of)


def touched(subjects: Sequence[int], *, actor: Actor, as_of: datetime) -> Outcome:
    """Score these subjects anew as of today and publish: what news touched needs no full run.

    By the version of the latest full run, so that all scores that count are of one version. Raises
    `NothingToScore` where none of them is registered.
    """
    latest = Run.objects.filter(kind=RunKind.FULL, tier=Tier.PUBLIC, state=RunState.PUBLISHED)
    version = latest.order_by("as_of", "facts_at").values_list("version", flat=True).last()
    if version is None:
        raise NothingToScore("还没有全覆盖评价，无从更新 no full run yet: rongxin evaluate run")
    run = _begin(RunKind.TOUCHED, business_day(as_of), version, "duckdb", as_of)
    try:
        return _carry_out(run, only=subjects, buckets=None, progress=_silent, actor=actor, as_of=as_of)
    except BaseException:
        # It is not gone on with: who was touched is in the queue still.
        Run.objects.filter(pk=run.id, state__in=_OPEN).delete()
        shutil.rmtree(facts.folder_of(run.id), ignore_errors=True)
        raise


def _silent(what: str, done: int, total: int) -> None:
    pass


def _begin(kind: RunKind, day: date, version: str, engine: str, as_of: datetime) -> Run:
    return Run.objects.create(
        kind=kind,
        tier=Tier.PUBLIC,
        version=version,
        as_of=day,
        engine=engine,
        state=RunState.PREPARING,
        started_at=as_of,
        facts_at=as_of,
    )


def _carry_out(
    run: Run,
    *,
    only: Sequence[int] | None,
    buckets: int | None,
    progress: Progress,
    actor: Actor,
    as_of: datetime,
) -> Outcome:
    began, folder = time.monotonic(), facts.folder_of(run.id)
    program = compiling.program(
        run.version, run.tier, as_of=run.as_of, dialect=engines.dialect(run.engine), narrow=False
    )
    challengers = shadow.Challengers()
    if run.state == RunState.PREPARING or not folder.is_dir():
        if run.kind == RunKind.FULL:
            challengers = shadow.of(program, run.engine)
        wider = challengers.reads(program)
        spans = facts.prepare(folder, wider, as_of=as_of, buckets=buckets, only=only, progress=progress)
        shadow.note(challengers, folder)
        _prepared(run, spans, as_of)
    elif run.kind == RunKind.FULL:
        challengers = shadow.noted(program, run.engine, folder)
    manifest = list(run.buckets.order_by("number"))
    resumed = sum(bucket.done_at is not None for bucket in manifest)
    total, done = run.subjects, sum(b.subjects for b in manifest if b.done_at is not None)
    with (
        engines.opened(run.engine, program, folder) as engine,
        shadow.opened(run, challengers, folder) as beside,
    ):
        for bucket in manifest:
            if bucket.done_at is None:
                span = Span(bucket.number, bucket.first_subject, bucket.last_subject, bucket.subjects)
                beside.score(span)
                _score(run, bucket, engine.score(span), as_of)
                done += bucket.subjects
            progress("评分 scoring", done, total)
    shadow.conclude(run, challengers, as_of=as_of)
    digest = publish(run.id, actor=actor, as_of=as_of)
    shutil.rmtree(folder, ignore_errors=True)
    return Outcome(
        run.id,
        RunKind(run.kind),
        run.version,
        run.as_of,
        run.subjects,
        len(manifest),
        resumed,
        time.monotonic() - began,
        digest,
    )


def _prepared(run: Run, spans: Sequence[Span], as_of: datetime) -> None:
    """Note the buckets whose facts lie on the disk; of what an earlier attempt scored nothing is kept."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM evaluation_score WHERE run_id = %s", [run.id])
        run.buckets.all().delete()
        Bucket.objects.bulk_create(
            Bucket(
                run=run,
                number=span.number,
                first_subject=span.first,
                last_subject=span.last,
                subjects=span.subjects,
            )
            for span in spans
        )
        run.state, run.facts_at = RunState.SCORING, as_of
        run.subjects = sum(span.subjects for span in spans)
        run.save(update_fields=["state", "facts_at", "subjects"])


_COPY = """
COPY evaluation_score
    (run_id, subject_id, score, grade, public_grade, coverage, confidence, vetoes, inputs, inputs_hash)
FROM STDIN WITH (FORMAT csv)
"""


def _score(run: Run, bucket: Bucket, scored: lines.Scored, as_of: datetime) -> None:
    """Commit a bucket's scores together with the note that it is done."""
    digest = sha256()
    with transaction.atomic(), connection.cursor() as cursor:
        with cursor.copy(_COPY) as copy, scored.path.open("rb") as file:
            for line in file:
                digest.update(line)
                copy.write(b"%d,%s" % (run.id, line))
        cursor.execute(
            "SELECT count(*) FROM evaluation_score WHERE run_id = %s AND subject_id BETWEEN %s AND %s",
            [run.id, bucket.first_subject, bucket.last_subject],
        )
        (counted,) = cursor.fetchone()
        if counted != bucket.subjects:
            raise AssertionError(f"bucket {bucket.number}: {counted} scores of {bucket.subjects} subjects")
        bucket.done_at, bucket.sha256 = as_of, digest.hexdigest()
        Bucket.objects.filter(run=run, number=bucket.number).update(
            done_at=bucket.done_at, sha256=bucket.sha256
        )
    scored.path.unlink()


def publish(run_id: int, *, actor: Actor, as_of: datetime) -> str:
    """Let a run count from now on; return the digest of all its scores, which the journal commits to."""
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run_id)
        buckets = list(run.buckets.order_by("number"))
        if any(bucket.done_at is None for bucket in buckets):
            raise AssertionError(f"run {run_id} has buckets to score")
        digest = sha256("".join(bucket.sha256 for bucket in buckets).encode()).hexdigest()
        run.state, run.published_at = RunState.PUBLISHED, as_of
        run.save(update_fields=["state", "published_at"])
        entries.append(
            Kind.EVALUATION_PUBLISHED,
            actor=actor,
            refs={
                "run": run.id,
                "kind": run.kind,
                "version": run.version,
                "evaluated_as_of": run.as_of.isoformat(),
                "subjects": run.subjects,
            },
            commitments={"scores": digest},
            as_of=as_of,
        )
    return digest


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One process a run; a killed one's lock goes with its connection."""
    key = f"evaluation:{name}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        (got,) = cursor.fetchone()
    if not got:
        raise RunUnderWay("同一评价正在另一进程运行，请等待其完成 this run is under way in another process")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])
