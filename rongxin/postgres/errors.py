"""What can go wrong with the embedded database, each with what to do about it."""

from __future__ import annotations


class LauncherError(Exception):
    """The embedded PostgreSQL can't be used; the message says what to do."""

    code = "postgres"


class NoBinaries(LauncherError):
    """No PostgreSQL program was found on this machine."""

    code = "postgres.no_binaries"


class VersionMismatch(LauncherError):
    """The data directory was made by another major version than the programs found."""

    code = "postgres.version_mismatch"


class CannotRun(LauncherError):
    """The machine doesn't let this user run PostgreSQL."""

    code = "postgres.cannot_run"


class DidNotStart(LauncherError):
    """The server ended or stayed silent while it was started; its log says why."""

    code = "postgres.did_not_start"


class Busy(LauncherError):
    """Another process holds the data directory and doesn't let go."""

    code = "postgres.busy"
