"""Work one step ahead: the file is parsed in a thread while the database takes the rows before."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from queue import Empty, Full, Queue
from typing import Final, TypeVar

T = TypeVar("T")
_END: Final = object()
_PATIENCE_SECONDS: Final = 0.2


def ahead(items: Iterable[T], *, depth: int = 1) -> Generator[T, None, None]:
    """Yield what `items` yields, in order, while a thread already makes the next `depth` of them.

    An exception of the maker comes out here. Closing the iterator ends the thread after the item at hand.
    """
    queue: Queue[object] = Queue(maxsize=depth)
    stop = threading.Event()
    maker = threading.Thread(target=_make, args=(items, queue, stop), name="ahead", daemon=True)
    maker.start()
    try:
        while (item := queue.get()) is not _END:
            if isinstance(item, _Raised):
                raise item.error
            yield item  # type: ignore[misc]
    finally:
        stop.set()
        while maker.is_alive():
            _drain(queue)
            maker.join(_PATIENCE_SECONDS)


class _Raised:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _make(items: Iterable[object], queue: Queue[object], stop: threading.Event) -> None:
    try:
        for item in items:
            if not _put(queue, item, stop):
                return
    except BaseException as error:
        _put(queue, _Raised(error), stop)
    else:
        _put(queue, _END, stop)


def _put(queue: Queue[object], item: object, stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            queue.put(item, timeout=_PATIENCE_SECONDS)
        except Full:
            continue
        return True
    return False


def _drain(queue: Queue[object]) -> None:
    try:
        while True:
            queue.get_nowait()
    except Empty:
        return
