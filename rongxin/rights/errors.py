"""What can go wrong with rights, in words for the one who can act on it."""

from __future__ import annotations


class RightsError(Exception):
    """The act can't be done."""

    code = "rights_error"


class UnknownObjection(RightsError):
    """There is no such objection, or it is another's; the two look alike to a stranger."""

    code = "unknown_objection"

    def __init__(self, objection: object) -> None:
        super().__init__(f"没有编号为{objection}的异议申诉")


class ObjectionRefused(RightsError):
    """What was handed in is no objection that can be checked; the message says what to mend."""

    code = "objection_refused"


class ObjectionNotPossible(RightsError):
    """Where it stands, this can't be done, or it isn't this party's to do."""

    code = "objection_not_possible"


class UnknownCorrection(RightsError):
    """There is no such correction notice, or it is another's; the two look alike to a stranger."""

    code = "unknown_correction"

    def __init__(self, correction: object) -> None:
        super().__init__(f"没有编号为{correction}的更正通知")


class CorrectionNotPossible(RightsError):
    """The notice was acknowledged before."""

    code = "correction_not_possible"


class UnknownRepair(RightsError):
    """There is no such request for repair, or it is another's; the two look alike to a stranger."""

    code = "unknown_repair"

    def __init__(self, repair: object) -> None:
        super().__init__(f"没有编号为{repair}的信用修复申请")


class RepairRefused(RightsError):
    """What was handed in is no request that can be forwarded; the message says what to mend."""

    code = "repair_refused"


class RepairNotPossible(RightsError):
    """Where it stands, this can't be done, or it isn't this party's to do."""

    code = "repair_not_possible"


class WindowSilent(RightsError):
    """The national window is not connected or did not answer; what was to be sent waits."""

    code = "window_silent"


class UnknownUse(RightsError):
    """There is no such use of the subject's information."""

    code = "unknown_use"


class UnknownHold(RightsError):
    """There is no such hold."""

    code = "unknown_hold"


class HoldRefused(RightsError):
    """What was handed in can't keep anything back; the message says what to mend."""

    code = "hold_refused"


class HoldNotPossible(RightsError):
    """Where it stands, this can't be done."""

    code = "hold_not_possible"


class NotRegistered(RightsError):
    """The subject is known from rows only and has no code to be asked by."""

    code = "not_registered"


class PaperRefused(RightsError):
    """The file is too large, of a kind that isn't taken, or not what it says it is."""

    code = "paper_refused"


class UnknownPaper(RightsError):
    """There is no such file."""

    code = "unknown_paper"
