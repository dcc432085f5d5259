"""What a verification may find, what it means and what to do about it: for an operator to read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

KEPT_MAX = 100  # of each kind; the rest is counted


class Code(StrEnum):
    """A kind of damage. `zh` and `en` say what it means, `action` what to do."""

    zh: str
    en: str
    action: str

    def __new__(cls, value: str, zh: str, en: str, action: str) -> Code:
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh, member.en, member.action = zh, en, action
        return member

    ENTRY_ALTERED = (
        "entry_altered",
        "条目内容与其叶子哈希不符",
        "the entry's body is not the one that was put into the tree",
        "恢复该条目的备份并调查 restore this entry from a backup and find out who wrote to the table",
    )
    ENTRY_MISSING = (
        "entry_missing",
        "树中的条目已被删除",
        "the tree has this leaf, but its entry is gone",
        "从备份恢复该条目 restore the entry from a backup",
    )
    COLUMN_ALTERED = (
        "column_altered",
        "查询列与条目内容不符",
        "a query column says something else than the body it is derived from",
        "检查表结构是否被改动 look whether the table's generated columns were taken off; derive them again",
    )
    LEAF_MISSING = (
        "leaf_missing",
        "叶子序号缺失",
        "the tree has no leaf at this index",
        "从备份恢复 restore the leaf table from a backup",
    )
    LEFTOVER = (
        "leftover",
        "条目既不在待处理队列也不在树中",
        "the entry is neither pending nor in the tree: it was slipped in, or its leaf was taken away",
        "查明来源，勿自动补录 find out where it comes from; don't integrate it by hand",
    )
    DOUBLED = (
        "doubled",
        "同一条目出现两次",
        "the same entry stands twice in the tree or in the queue",
        "从备份恢复 restore leaf and pending tables from a backup",
    )
    SUBTREE_WRONG = (
        "subtree_wrong",
        "子树哈希与叶子不符",
        "a stored subtree is not what its leaves give",
        "停止签发检查点并调查 stop signing and find out which side was changed",
    )
    CHECKPOINT_FORGED = (
        "checkpoint_forged",
        "检查点签名无效",
        "no key known to this node signed this checkpoint",
        "核对签名密钥 compare the node's keys with those its witnesses know",
    )
    CHECKPOINT_MISSING = (
        "checkpoint_missing",
        "检查点编号缺失",
        "a checkpoint was taken away",
        "从备份或见证方取回 get it back from a backup or a witness",
    )
    CHECKPOINT_DENIED = (
        "checkpoint_denied",
        "树与已签名的检查点不符",
        "the entries do not give the root that was signed: history was rewritten",
        "以见证方的检查点为准，从备份恢复 trust the witnesses; restore from a backup that agrees with them",
    )
    TRUNCATED = (
        "truncated",
        "树比已签名的检查点短",
        "the tree is shorter than a checkpoint that was signed: cut off, or an old state restored",
        "以见证方的检查点为准，从备份恢复 restore from a backup that reaches the checkpoint",
    )
    WITNESS_UNKNOWN = (
        "witness_unknown",
        "见证的检查点不是由本节点已知密钥签署",
        "the witnessed checkpoint is not signed by a key this node knows: its key was replaced, or the file "
        "is another log's",
        "核对密钥与日志名称 compare key and origin with the witness",
    )
    SPLIT_VIEW = (
        "split_view",
        "同一大小签署过两个不同的树",
        "two different trees of one size were signed: the log showed its witnesses different histories",
        "保存两份检查点作为证据 keep both notes as proof; tell the parent node and the auditor",
    )
    GUARD_MISSING = (
        "guard_missing",
        "只增保护触发器缺失或被停用",
        "the trigger that refuses changes is gone or disabled",
        "恢复触发器并调查 restore the trigger and find out what was done without it",
    )


@dataclass(frozen=True)
class Finding:
    """Something that isn't as it was written, and where."""

    code: Code
    where: str
    detail: str = ""

    def document(self) -> dict[str, str]:
        return {
            "code": self.code.value,
            "where": self.where,
            "message": self.code.zh,
            "message_en": self.code.en,
            "detail": self.detail,
            "action": self.code.action,
        }


@dataclass
class Findings:
    """Gathers findings; a rewritten history has very many, so only the first of each kind are kept."""

    kept: list[Finding] = field(default_factory=list)
    counts: Counter[Code] = field(default_factory=Counter)

    def add(self, code: Code, where: str, detail: str = "") -> None:
        self.counts[code] += 1
        if self.counts[code] <= KEPT_MAX:
            self.kept.append(Finding(code, where, detail))
