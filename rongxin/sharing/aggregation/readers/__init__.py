"""Readers of what departments send: CSV, workbooks, JSON Lines, Parquet.

`with readers.open_file(path) as source: for chunk in source.chunks(): …`
"""

from rongxin.sharing.aggregation.readers.opening import open_file
from rongxin.sharing.aggregation.readers.refusals import Refusal
from rongxin.sharing.aggregation.readers.source import Chunk, Fault, Source

__all__ = ["Chunk", "Fault", "Refusal", "Source", "open_file"]
