"""The settings of an embedded server: one machine of two cores, shared with the program that uses it."""

from __future__ import annotations

import os
from pathlib import Path

PURPOSES = ("demo", "bench", "test")
MIB = 1 << 20


def settings(purpose: str, sockets: Path) -> dict[str, str]:
    """All settings, as given on the server's command line (they win over the files of the data directory)."""
    memory, measured = _memory_mib(), purpose == "bench"  # as docs/operating.md has it for a server
    return {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "port": "5432",
        "max_connections": "100",
        # A transaction of many batches holds some temporary tables for each.
        "max_locks_per_transaction": "512",
        "shared_buffers": f"{max(32, memory // 4 if measured else min(memory // 8, 256))}MB",
        "effective_cache_size": f"{max(64, memory // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{max(32, min(memory // 16, 256))}MB",
        "max_wal_size": "16GB" if measured else "2GB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "wal_compression": "on",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_worker_processes": "4",
        "max_parallel_workers_per_gather": "1",
        "timezone": "Asia/Shanghai",
        "log_timezone": "Asia/Shanghai",
        "dynamic_shared_memory_type": "mmap" if _shared_memory_is_small() else "posix",
        **_durability(purpose),
    }


def _durability(purpose: str) -> dict[str, str]:
    """Only a throw-away test cluster may lose what it committed; production refuses such a server."""
    if purpose == "test":
        return {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    return {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


def _memory_mib() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MIB


def _shared_memory_is_small(place: str = "/dev/shm") -> bool:  # noqa: S108
    """Containers often have 64 MiB there, which one parallel query can use up."""
    try:
        answer = os.statvfs(place)
    except OSError:
        return True
    return answer.f_frsize * answer.f_bavail < 256 * MIB
