"""Work one step ahead: the file is parsed in a thread while the database takes the rows before."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Generator[T, None, None]:
    """Yield what `items` yields, in order, while a thread already makes the next one, and no more than that.

    An exception of the maker comes out here. Closing the iterator ends the thread after the item at hand.
    """
    exchange = _Exchange(iter(items))
    maker = threading.Thread(target=exchange.make_all, name="ahead", daemon=True)
    maker.start()
    try:
        while exchange.wait():
            yield exchange.take()
    finally:
        exchange.close()
        maker.join()


class _Exchange(Generic[T]):
    """A counter with room for one item: chunks of a file are large."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._lying: list[T] = []
        self._error: BaseException | None = None
        self._over = False
        self._changed = threading.Condition()

    def make_all(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    return
                del item  # else it stays alive while the next one is made
        except BaseException as error:
            self._error = error
        finally:
            self.close()

    def _put(self, item: T) -> bool:
        """Lay an item down and wait till it is taken; False when nobody will take another."""
        with self._changed:
            if self._over:
                return False
            self._lying.append(item)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._over or not self._lying)
            return not self._over

    def wait(self) -> bool:
        """Wait for an item; False when there will be none, raising what the maker raised."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or bool(self._lying))
            if self._lying:
                return True
        if self._error is not None:
            raise self._error
        return False

    def take(self) -> T:
        with self._changed:
            item = self._lying.pop()
            self._changed.notify_all()
            return item

    def close(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
