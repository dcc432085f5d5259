"""The child process that unpacks workbooks and Parquet files, under limits the kernel keeps (threat T17).

`python -m rongxin.sharing.aggregation.readers.child KIND FILE DIRECTORY` writes Arrow files of text columns
and `result.json` into DIRECTORY. A refusal is a result too; anything else that happens to the process (killed
for memory, CPU, output) is told by its exit status.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

from rongxin.sharing.aggregation import limits


def _bound_itself() -> None:
    """Memory, CPU, file size: set before any parser is imported, never to be raised again."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.CHILD_MEMORY_BYTES, limits.CHILD_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.CHILD_CPU_SECONDS, limits.CHILD_CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.CHILD_OUTPUT_BYTES, limits.CHILD_OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["POLARS_MAX_THREADS"] = "1"


def main(kind: str, file: str, directory: str) -> int:
    """Unpack one file; 0 = `result.json` was written, whatever it says."""
    _bound_itself()
    # Only now: the parsers' own threads and arenas must fall under the limits.
    from rongxin.sharing.aggregation.readers import parquet_parts, workbook_parts  # noqa: PLC0415
    from rongxin.sharing.aggregation.readers.refusals import Refusal  # noqa: PLC0415

    unpack = {"xlsx": workbook_parts.unpack, "parquet": parquet_parts.unpack}[kind]
    result: dict[str, object]
    try:
        result = unpack(Path(file), Path(directory))
    except Refusal as refusal:
        result = {"refused": refusal.code, "where": refusal.where, "values": refusal.values}
    except MemoryError:
        result = {"refused": "too_large", "where": "", "values": {}}
    Path(directory, "result.json").write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
