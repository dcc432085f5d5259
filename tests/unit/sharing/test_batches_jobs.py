"""A batch that came by the API is filed by a worker, and its job exists if and only if the batch does."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from rongxin.sharing import jobs
from rongxin.sharing.aggregation import batches
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import Status

from .conftest import CLERK, NOW, PROVIDER, Bureau, code

PENALTY = "administrative_penalty"
HEADER = ("企业名称", "统一社会信用代码", "行政处罚决定书文号", "罚款金额", "行政处罚决定日期")


def received(bureau: Bureau, number: int = 1) -> tuple[object, bool]:
    path = bureau.writes(HEADER, [("云州公司", code(number), f"{number}号", "1", "2026-03-01")])
    given = {"item": PENALTY, "provider": PROVIDER, "actor": CLERK, "as_of": NOW, "then": jobs.defer}
    return batches.receive(path, **given)  # type: ignore[arg-type]


def test_a_worker_finds_the_job_by_itself() -> None:
    code = (
        "import django; django.setup(); from procrastinate.contrib.django import app; "
        "assert 'sharing.file_batch' in app.tasks, sorted(app.tasks)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=_environment())
    assert done.returncode == 0, done.stderr


def _environment() -> dict[str, str]:
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "rongxin.site.settings"}


@pytest.mark.django_db(transaction=True)
def test_a_worker_files_what_was_received(bureau: Bureau) -> None:
    batch, _ = received(bureau)
    job = ProcrastinateJob.objects.get(args={"batch_id": str(batch)})
    assert (job.queue_name, job.args) == (jobs.QUEUE, {"batch_id": str(batch)})
    jobs.file_batch(**job.args)
    assert Batch.objects.get().status == Status.FILED
    jobs.file_batch(**job.args)
    assert Batch.objects.get().accepted == 1


@pytest.mark.django_db(transaction=True)
def test_there_is_no_job_without_its_batch(bureau: Bureau) -> None:
    before = ProcrastinateJob.objects.count()
    with transaction.atomic():
        received(bureau)
        assert ProcrastinateJob.objects.count() == before + 1
        transaction.set_rollback(True)
    assert ProcrastinateJob.objects.count() == before
    assert not Batch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_file_again_defers_nothing(bureau: Bureau) -> None:
    path = bureau.writes(HEADER, [("云州公司", code(1), "一号", "1", "2026-03-01")])
    before = ProcrastinateJob.objects.count()
    for day in range(2):
        batches.receive(
            path,
            item=PENALTY,
            provider=PROVIDER,
            actor=CLERK,
            as_of=NOW + timedelta(days=day),
            then=jobs.defer,
        )
    assert ProcrastinateJob.objects.count() == before + 1
