"""Works at once: real threads, real connections, and what the database says of who waits for whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.db import connection, transaction

from rongxin.consent.errors import NotPossible
from rongxin.parties import subjects
from rongxin.parties.errors import PartiesError
from tests.unit.consent import stage


def at_once(*works: Callable[[], object]) -> list[object]:
    """Run each in a thread of its own; return what came of them, errors of ours included."""
    start, results = threading.Barrier(len(works)), list[object]()

    def run(work: Callable[[], object]) -> None:
        start.wait(30)
        try:
            results.append(work())
        except (NotPossible, PartiesError) as error:
            results.append(error)
        except BaseException as error:
            results.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def waits_for_the_firm(firm: stage.Firm, work: Callable[[], object]) -> object:
    """Do a work while somebody holds the firm; the database says whether it waits for them. Return what
    it gave.
    """
    held, go_on, pids, results = threading.Event(), threading.Event(), list[int](), list[object]()

    def hold() -> None:
        with transaction.atomic():
            subjects.lock(firm.id)
            pids.append(_rows("SELECT pg_backend_pid()")[0])
            held.set()
            go_on.wait(60)
        connection.close()

    holder = threading.Thread(target=hold)
    worker = threading.Thread(target=lambda: results.extend(at_once(work)))
    holder.start()
    assert held.wait(30)
    worker.start()
    waiting = "SELECT pid FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
    while not (waits := _rows(waiting, *pids)) and worker.is_alive():
        time.sleep(0.01)
    go_on.set()
    holder.join(60)
    worker.join(60)
    assert waits, f"done beside whoever held the firm: {results}"
    return results[0]


def _rows(query: str, *given: object) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        return [row[0] for row in cursor.fetchall()]
