"""What a worker may be asked to do for this context; procrastinate finds it under this name."""

from rongxin.sharing.jobs import file_batch

__all__ = ["file_batch"]
