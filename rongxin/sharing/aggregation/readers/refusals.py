"""Why a file cannot be taken at all: what, where, and what its sender can do about it.

A refusal concerns the whole file; a fault of one row is a `source.Fault` and ends as a reject.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rongxin.sharing.aggregation import limits


class _Wording(NamedTuple):
    message: str
    message_en: str
    what_to_do: str


_SAVE_AS_XLSX: Final = "请在表格软件中打开，另存为 .xlsx 或 UTF-8 的 CSV 后重新报送。"
_SAVE_AS_CSV: Final = "请另存为 CSV（UTF-8）或 Parquet，或拆成几个文件后重新报送。"
_EXPORT_AGAIN: Final = "请从原系统重新导出后报送。"
# What a parser says of the damage (`detail` among the values) tells a department nothing, so it isn't shown.
_SEND_WHOLE: Final = "请先确认原文件能正常打开，并与原文件核对大小，再重新导出或重新传送完整的文件。"

WORDINGS: Final[dict[str, _Wording]] = {
    # Every file
    "file_missing": _Wording("找不到文件", "The file does not exist", "请检查路径。"),
    "empty_file": _Wording("文件是空的", "The file is empty", _EXPORT_AGAIN),
    "no_header": _Wording("没有表头", "There is no header row", "第一行须为列名。"),
    "duplicate_column": _Wording(
        "列名“{column}”出现多次", "Column “{column}” appears more than once", "请删去或改名其中一列。"
    ),
    "too_many_columns": _Wording(
        "列数超过 {limit} 列", "More than {limit} columns", "请只保留清单要求的列。"
    ),
    "too_many_rows": _Wording("行数超过 {limit} 行", "More than {limit} rows", _SAVE_AS_CSV),
    "field_too_long": _Wording(
        f"有单元格超过 {limits.MAX_FIELD_BYTES // 1024} kB",
        f"A cell is longer than {limits.MAX_FIELD_BYTES // 1024} kB",
        "请检查该处是否缺少引号或换行，改正后重新报送。",
    ),
    "record_too_long": _Wording(
        f"有一行超过 {limits.MAX_RECORD_BYTES // limits.MIB} MB",
        f"A row is longer than {limits.MAX_RECORD_BYTES // limits.MIB} MB",
        "请检查该处是否缺少引号或换行，改正后重新报送。",
    ),
    "nul_byte": _Wording(
        "含有空字节（NUL）", "The file contains a NUL byte", "文件可能已损坏或不是文本。" + _EXPORT_AGAIN
    ),
    "not_a_table": _Wording(
        "这不是数据表，而像是{looks_like}", "This is no table; it looks like {looks_like}", _SAVE_AS_XLSX
    ),
    "compressed": _Wording("这是压缩文件", "The file is compressed", "请解压后报送其中的数据文件。"),
    # Encoding of text
    "encoding_utf16": _Wording(
        "文件是 UTF-16/UTF-32 编码", "The file is in UTF-16 or UTF-32", "请另存为“CSV UTF-8”后重新报送。"
    ),
    "encoding_invalid": _Wording(
        "编码不是有效的 {encoding}（第 {offset} 字节）",
        "Not valid {encoding} (byte {offset})",
        "请把整个文件统一存为 UTF-8（或 GB18030），不要拼接两种编码的文件。",
    ),
    "encoding_mixed": _Wording(
        "GB18030 文件里混有 UTF-8 的行",
        "A line in UTF-8 stands in a GB18030 file",
        "请把整个文件统一存为 UTF-8 后重新报送。",
    ),
    "encoding_ambiguous": _Wording(
        "无法判断编码是 UTF-8 还是 GB18030",
        "The file may be UTF-8 or GB18030: it reads as both",
        "请另存为带 BOM 的 UTF-8（“CSV UTF-8”）后重新报送。",
    ),
    # CSV
    "line_ends": _Wording(
        "行尾只有回车符（CR）", "Lines end with a bare carriage return", "请以 CRLF 或 LF 换行重新保存。"
    ),
    "delimiter": _Wording(
        "列之间不是逗号或制表符", "Columns are separated by neither comma nor tab", "请以英文逗号分隔各列。"
    ),
    "unclosed_quote": _Wording(
        "引号没有结束", "A quotation mark is never closed", "文件可能被截断；请检查该行引号，或重新导出。"
    ),
    # JSON Lines
    "json_array": _Wording(
        "这是一个 JSON 数组", "The file is one JSON array", "请改为每行一个 JSON 对象（JSON Lines）。"
    ),
    "json_invalid": _Wording(
        "没有一行是有效的 JSON 对象；首个非空行：{detail}",
        "No line is a valid JSON object, nor is the first",
        "每行须为一个 JSON 对象；空值请写 null，不要写 NaN 或 Infinity。改正后重新报送。",
    ),
    # Workbooks
    "old_workbook": _Wording(
        "这是旧版 .xls 或加了密码的工作簿", "An old .xls or a workbook with a password", _SAVE_AS_XLSX
    ),
    "not_a_workbook": _Wording("这不是 .xlsx 工作簿", "This is no .xlsx workbook", _SAVE_AS_XLSX),
    "workbook_broken": _Wording(
        "工作簿已损坏或不完整（可能被截断）", "The workbook is damaged or cut short", _SEND_WHOLE
    ),
    "workbook_encrypted": _Wording("工作簿加了密码", "The workbook has a password", "请去掉密码后重新报送。"),
    "zip_too_many_members": _Wording(
        "工作簿内的部件超过 {limit} 个", "More than {limit} parts in the workbook", _SAVE_AS_XLSX
    ),
    "zip_bomb": _Wording(
        "工作簿解压后过大（{detail}）", "The workbook unpacks to too much ({detail})", _SAVE_AS_CSV
    ),
    "zip_overlap": _Wording(
        "工作簿内的部件相互重叠或重名", "Parts of the workbook overlap or share a name", _EXPORT_AGAIN
    ),
    "zip_lies": _Wording(
        "工作簿声明的大小与实际不符", "The sizes the workbook declares are not the real ones", _EXPORT_AGAIN
    ),
    "nested_archive": _Wording(
        "工作簿里嵌有压缩文件", "An archive is embedded in the workbook", "请删去嵌入的文件后重新报送。"
    ),
    "xml_entities": _Wording(
        "工作簿里有 DTD 或实体定义", "The workbook declares a DTD or entities", _EXPORT_AGAIN
    ),
    "xml_encoding": _Wording(
        "工作簿里的 XML 不是 UTF-8", "An XML part of the workbook is not UTF-8", _SAVE_AS_XLSX
    ),
    "date_1904": _Wording(
        "工作簿使用 1904 日期系统",
        "The workbook uses the 1904 date system",
        "请在表格软件的选项中取消“使用 1904 日期系统”，核对日期后重新报送。",
    ),
    "no_sheet": _Wording("没有可见的工作表", "There is no visible sheet", "请把数据放在第一个工作表。"),
    "marked_cells": _Wording(
        "公式或错误值的单元格超过 {limit} 个", "More than {limit} cells hold formulas or errors",
        "请复制后“选择性粘贴→数值”，再重新报送。",
    ),
    "too_large": _Wording(
        "读取所需内存超出限制", "Reading it takes more memory than allowed", _SAVE_AS_CSV
    ),
    "too_slow": _Wording("读取所需时间超出限制", "Reading it takes longer than allowed", _SAVE_AS_CSV),
    # Parquet
    "parquet_broken": _Wording(
        "Parquet 文件已损坏或不完整（可能被截断）", "The Parquet file is damaged or cut short", _SEND_WHOLE
    ),
    "nested_column": _Wording(
        "列“{column}”是嵌套类型（{dtype}）",
        "Column “{column}” is nested ({dtype})",
        "请展开为普通列（文本、数字、日期）。",
    ),
    # Headers (see `headers.py`)
    "field_twice": _Wording(
        "“{first}”和“{second}”是同一信息项（{label}）",
        "“{first}” and “{second}” are the same field ({label})",
        "请删去其中一列。",
    ),
    "identifying_column_absent": _Wording(
        "缺少识别主体的列：{labels}",
        "The column that says whose row it is is absent: {labels}",
        "请补上该列；可用的列名：{names}。表头须在第一行，本文件的列名：{found}。{hint}",
    ),
    "unit_unknown": _Wording(
        "列“{column}”的单位不适用于“{label}”",
        "The unit in column “{column}” does not suit “{label}”",
        "金额列请用 元 或 万元。",
    ),
}  # fmt: skip


class Refusal(Exception):
    """The file is refused as a whole; nothing of it is kept."""

    def __init__(self, code: str, *, where: str = "", **values: object) -> None:
        wording = WORDINGS[code]
        self.code = code
        self.where = where
        self.values = values
        self.message = wording.message.format(**values)
        self.message_en = wording.message_en.format(**values)
        self.what_to_do = wording.what_to_do.format(**values)
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """What, where and what to do in one line, Chinese first."""
        where = f"（{self.where}）" if self.where else ""
        return f"{self.message}{where}。{self.what_to_do} {self.message_en}."

    def document(self) -> dict[str, str]:
        """The refusal as it stands in a receipt or an API answer."""
        return {
            "code": self.code,
            "message": self.message,
            "message_en": self.message_en,
            "where": self.where,
            "what_to_do": self.what_to_do,
        }
