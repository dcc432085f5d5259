"""What an answer holds of an item: "no answer" is never "no record"."""

from __future__ import annotations

from rongxin.vocabulary.labelled import Labelled


class Availability(Labelled):
    RECORDS = "records", "有记录", "records"
    NO_RECORD = "no_record", "无记录", "no record"
    NOT_APPLICABLE = "not_applicable", "不适用", "not applicable"
    PROVIDER_UNAVAILABLE = "provider_unavailable", "数据提供单位暂不可用", "provider unavailable"
    SOURCE_NOT_CONNECTED = "source_not_connected", "数据源未接入", "source not connected"
    WITHHELD = "withheld", "未提供", "withheld"
    PARTIAL = "partial", "部分提供", "partial"
