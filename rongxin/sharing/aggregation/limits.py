"""How large a file may be, and why: what a department sends is large, what an attacker sends is larger.

A CSV, JSON Lines or Parquet file streams, so only its rows and fields are bounded. A workbook is unpacked and
held in memory by its parser, so it is bounded in every direction and read by a child process whose memory and
CPU the kernel bounds again (threats T17–T19). 100,000 rows × 15 columns make a workbook of about 14 MB.
"""

from __future__ import annotations

from typing import Final

MIB: Final = 1 << 20

# Every kind of file
MAX_COLUMNS: Final = 300
MAX_ROWS: Final = 20_000_000
MAX_FIELD_BYTES: Final = 64 << 10
CHUNK_ROWS: Final = 50_000
RAW_TEXT_CHARACTERS: Final = 2_000  # of a row that could not be parsed, kept for whoever has to correct it

# Text files
BLOCK_BYTES: Final = 8 * MIB
MAX_RECORD_BYTES: Final = 1 * MIB

# Workbooks
MAX_WORKBOOK_BYTES: Final = 64 * MIB
MAX_WORKBOOK_ROWS: Final = 300_000
MAX_ZIP_MEMBERS: Final = 1_000
MAX_UNPACKED_BYTES: Final = 768 * MIB
MAX_UNPACKED_RATIO: Final = 100  # looked at above RATIO_FLOOR_BYTES: a small sheet of equal rows packs well
RATIO_FLOOR_BYTES: Final = 16 * MIB
MAX_MARKED_CELLS: Final = 100_000  # formulas, error cells and the like; more than these refuse the file

# The child process
CHILD_MEMORY_BYTES: Final = 2 << 30
CHILD_CPU_SECONDS: Final = 60
CHILD_WALL_SECONDS: Final = 180
CHILD_OUTPUT_BYTES: Final = 4 << 30
