"""What can go wrong in governance, in words for the one who can act on it."""

from __future__ import annotations


class GovernanceError(Exception):
    """The act of governance can't be done."""

    code = "governance_error"


class UnknownAlarm(GovernanceError):
    """There is no such alarm."""

    code = "unknown_alarm"


class AlreadyAcknowledged(GovernanceError):
    """Somebody has acknowledged the alarm before; the first word stands."""

    code = "already_acknowledged"


class NotTheOperators(GovernanceError):
    """Alarms are the operator's to see and to acknowledge."""

    code = "not_allowed"


class UnknownMeasure(GovernanceError):
    """There is no such measure."""

    code = "unknown_measure"


class MeasureOver(GovernanceError):
    """The measure is in effect or declined."""

    code = "measure_over"


class SamePerson(GovernanceError):
    """Who proposes a measure does not confirm it."""

    code = "same_person"


class UnknownIncident(GovernanceError):
    """There is no such incident, or it is another institution's."""

    code = "unknown_incident"


class IncidentOver(GovernanceError):
    """The incident is decided, or the institution has explained itself before."""

    code = "incident_over"


class UnknownInvitation(GovernanceError):
    """There is no such invitation, or it is accepted, over, or its secret isn't this one."""

    code = "unknown_invitation"


class InvitationRefused(GovernanceError):
    """The invitation, or accepting it, isn't possible as it was asked for."""

    code = "invitation_refused"


class NotTheirInstitution(GovernanceError):
    """An institution's people are its own administrator's business."""

    code = "not_allowed"


class UnknownApplication(GovernanceError):
    """There is no such application, or the secret isn't its own."""

    code = "unknown_application"


class UnknownDocument(GovernanceError):
    """There is no such file of the application, or it doesn't open."""

    code = "unknown_paper"


class ApplicationRefused(GovernanceError):
    """What was handed in is no application that can be assessed."""

    code = "application_refused"


class ApplicationNotPossible(GovernanceError):
    """The state of the application, or of those that wait, doesn't allow it."""

    code = "application_not_possible"


class TooManyApplications(GovernanceError):
    """The open door takes no further application: of that code, from that place, or at all."""

    code = "too_many_applications"


class UnknownCondition(GovernanceError):
    """There is no such condition of the institution's."""

    code = "unknown_condition"


class ConditionRefused(GovernanceError):
    """What was said of a condition, or its due date, can't be taken."""

    code = "condition_refused"


class ConditionNotPossible(GovernanceError):
    """The state of the condition doesn't allow it."""

    code = "condition_not_possible"


class UnknownExtension(GovernanceError):
    """There is no such request for a later day."""

    code = "unknown_condition_extension"


class AssessmentRefused(GovernanceError):
    """The assessment is incomplete, or it was not passed."""

    code = "assessment_refused"
