"""Who may do what in the database: the table from which grants are made and checked (docs/decisions/0019).

The owner makes the tables and may everything. `web` answers requests: it never meets `records_record`, but
calls `gate_read`. `worker` files, withdraws, rotates and purges. What isn't here, nobody but the owner may.
A table of a model without an entry fails the tests; one in the database without an entry, the node's check.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    WEB = "web"
    WORKER = "worker"


# Where each role's address stands in the environment.
VARIABLES = {
    Role.OWNER: "DATABASE_URL",
    Role.WEB: "RONGXIN_WEB_DATABASE_URL",
    Role.WORKER: "RONGXIN_WORKER_DATABASE_URL",
}
# The roles whose rights are declared.
BOUND = (Role.WEB, Role.WORKER)
TABLE_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
COLUMN_RIGHTS = ("SELECT", "INSERT", "UPDATE", "REFERENCES")


@dataclass(frozen=True, slots=True)
class Right:
    """One privilege on a table; with `columns`, on these only."""

    privilege: str
    columns: tuple[str, ...] = ()


Rights = tuple[Right, ...]


def _some(privilege: str, columns: str) -> Right:
    return Right(privilege, tuple(columns.split()))


NONE: Rights = ()
READ: Rights = (Right("SELECT"),)
GROW: Rights = (*READ, Right("INSERT"))
KEEP: Rights = (*GROW, Right("UPDATE"))
ALL: Rights = (*KEEP, Right("DELETE"))

# Without `written_at` and `written_in`: the database itself says when and by which transaction.
INTEND: Rights = (
    *READ,
    _some(
        "INSERT",
        "id recipient_kind recipient person branch subject_id purpose reference case consent mandate"
        " items asked_at entry",
    ),
)

_OBJECTION = "state forwarded_at forwarded_reference decided_at decided_by remedy reason"
_SUBMITTED = "case_id submitted_at due_on findings entry"
_REPAIR = "state decision decision_token decision_entered_by decided_at"
# Table: what the web may, what the worker may.
TABLES: dict[str, tuple[Rights, Rights]] = {
    # Django's own
    "auth_group": (NONE, NONE),
    "auth_group_permissions": (NONE, NONE),
    "auth_permission": (NONE, NONE),
    "django_content_type": (NONE, NONE),
    "django_migrations": (READ, READ),
    "django_session": (ALL, ALL),
    # The queue of jobs: the web puts one in, the worker does it.
    "procrastinate_events": (GROW, ALL),
    "procrastinate_jobs": (GROW, ALL),
    "procrastinate_periodic_defers": (NONE, ALL),
    "procrastinate_workers": (NONE, ALL),
    # The journal only grows; what waits for its place in the tree leaves the queue there.
    "journal_entry": (GROW, GROW),
    "journal_pending": (GROW, (*GROW, Right("DELETE"))),
    "journal_leaf": (READ, GROW),
    "journal_subtree": (READ, GROW),
    "journal_checkpoint": (READ, GROW),
    "journal_cursor": (READ, KEEP),
    # To lock a row takes a right to change some column of it.
    "parties_subject": ((*READ, _some("UPDATE", "legal_representative_commitment")), KEEP),
    "parties_subjectalias": (READ, ALL),
    "parties_provider": ((*READ, _some("UPDATE", "regions subject_kinds")), KEEP),
    "parties_department": (GROW, KEEP),
    "parties_bureau": (GROW, READ),
    "parties_bureaumandate": (
        (*GROW, _some("UPDATE", "granted_by granted_at ended_by ended_at ended_why")),
        READ,
    ),
    "parties_bureauact": (GROW, READ),
    "parties_dutymandate": (KEEP, KEEP),
    "parties_dutyuse": (KEEP, KEEP),
    # Asked for, approved and closed by the operator's people through the web.
    "parties_breakglass": ((*GROW, _some("UPDATE", "state decided_by decided_at until")), READ),
    # The operator admits, suspends and reinstates through the web too.
    "parties_institution": (
        (*GROW, _some("UPDATE", "standing cases_required daily_quota assessed_until conditions_until")),
        KEEP,
    ),
    "parties_institutionkey": ((*GROW, _some("UPDATE", "confirmed_at confirmed_by revoked_at")), KEEP),
    "parties_quotause": (KEEP, KEEP),
    "parties_quotalimit": (ALL, ALL),
    "parties_subjectasked": ((*GROW, Right("DELETE")), (*GROW, Right("DELETE"))),
    "parties_account": ((*GROW, _some("UPDATE", "last_login password")), KEEP),
    "parties_secondfactor": (ALL, ALL),
    "parties_passkey": (ALL, ALL),
    "parties_oldpassword": (GROW, ALL),
    "parties_failedsignin": (ALL, ALL),
    "parties_opensession": (ALL, ALL),
    # For minutes, while a form is put right; what sealed them may be renewed meanwhile.
    "parties_keptfile": (ALL, (*READ, _some("UPDATE", "sealed"), Right("DELETE"))),
    "parties_stepup": (KEEP, KEEP),
    # Lists that left as files, and searches that somebody keeps: a person's at the pages.
    "parties_listexport": (GROW, READ),
    "parties_keptsearch": (ALL, READ),
    "parties_realname": (KEEP, KEEP),
    "parties_membership": (KEEP, KEEP),
    "parties_apikey": (KEEP, KEEP),
    "parties_usednumber": (GROW, ALL),
    "parties_idempotencykey": (ALL, ALL),
    "consent_case": (KEEP, KEEP),
    "consent_consent": ((*GROW, _some("UPDATE", "status status_at status_why seal")), KEEP),
    "consent_consentrequest": (KEEP, KEEP),
    "consent_redirecturi": ((*GROW, _some("UPDATE", "confirmed_at confirmed_by revoked_at")), READ),
    "consent_pushedrequest": (
        (*GROW, _some("UPDATE", "answer answered_at code code_until redeemed_at")),
        (*READ, Right("DELETE")),
    ),
    # A rule's number is written once; a signature only ever grows.
    "consent_signingrule": ((*GROW, _some("UPDATE", "effective_at dropped_at")), READ),
    "consent_signingmatter": (
        (*GROW, _some("UPDATE", "state ended_at")),
        (*READ, _some("UPDATE", "state ended_at")),
    ),
    "consent_givensignature": (GROW, READ),
    # Sealed; handed from the matter to the consent, and gone when that ends.
    "consent_givennumber": (
        (*GROW, _some("UPDATE", "consent_id matter_id"), Right("DELETE")),
        (*READ, _some("UPDATE", "sealed"), Right("DELETE")),
    ),
    "consent_scan": (GROW, KEEP),
    "consent_writtenproposal": (KEEP, KEEP),
    "consent_importedconsent": ((*READ, _some("UPDATE", "proposal_id")), KEEP),
    "consent_notification": ((*GROW, _some("UPDATE", "seen_at")), KEEP),
    "consent_deletionduty": (
        (*GROW, _some("UPDATE", "state until law")),
        (*GROW, _some("UPDATE", "state since due_on until law missed_on")),
    ),
    "consent_deletionreceipt": (GROW, GROW),
    # Facts. The web has no way to them but `gate_read`; what changes them is an errand for the worker.
    "records_record": (NONE, (*GROW, _some("UPDATE", "sealed ended_at ended_why ended_by"))),
    "records_withdrawal": (NONE, GROW),
    "records_unmatching": (NONE, GROW),
    "records_unlisting": (NONE, GROW),
    "records_source": (READ, GROW),
    # No facts: which record an objection or repair is about. Filing hands a mark to the next version.
    "records_mark": (
        (*GROW, _some("UPDATE", "cleared_at")),
        (*GROW, _some("UPDATE", "cleared_at record_id")),
    ),
    "records_lake_manifest": (NONE, ALL),
    "records_lake_mark": (NONE, ALL),
    "records_lake_ending": (NONE, ALL),
    "sharing_movedfile": (READ, GROW),
    "sharing_batch": (
        (*GROW, _some("UPDATE", "status released_by released_at finished_at refusal")),
        KEEP,
    ),
    "sharing_outcome": (READ, ALL),
    "sharing_savedmapping": (GROW, GROW),
    "sharing_schedule": (GROW, GROW),
    "sharing_providerlevel": (GROW, GROW),
    "sharing_reminder": (READ, GROW),
    # A call is written with its request's outcome and never changed, save that it is sealed anew.
    "sharing_call": (GROW, (*GROW, _some("UPDATE", "message"))),
    # The terms of an agreement are written once; its state may change. Whom a turn asks, the worker writes.
    "sharing_bulkagreement": (
        (*GROW, _some("UPDATE", "state decided_by decided_at closed_by closed_at closed_why")),
        (*GROW, _some("UPDATE", "state decided_by decided_at closed_by closed_at closed_why swept_at")),
    ),
    "sharing_bulkturn": (
        READ,
        (*GROW, _some("UPDATE", "finished_at ended asked answered rows_ended batch_id")),
    ),
    "sharing_bulkfreshness": (READ, KEEP),
    "sharing_decision": (READ, KEEP),
    "sharing_rowchange": (READ, GROW),
    # Made and decided by errands, since each counts rows.
    "sharing_batchproposal": (
        READ,
        (*GROW, _some("UPDATE", "foreseen state decided_by decided_at decided_why")),
    ),
    # The web asks and fetches the answer; it may not write one.
    "sharing_errand": (
        (*GROW, Right("DELETE")),
        (*READ, _some("UPDATE", "taken_at answered_at answer"), Right("DELETE")),
    ),
    # What was told is never changed; a correction is another row, to which the old one points.
    "financing_outcome": (
        (*GROW, _some("UPDATE", "corrected_by_id corrected_why")),
        (*GROW, _some("UPDATE", "corrected_by_id corrected_why")),
    ),
    # A version's terms are written once; where it stands may change.
    "financing_productversion": (
        (*GROW, _some("UPDATE", "state decided_at decided_by ended_at ended_by")),
        (*GROW, _some("UPDATE", "state decided_at decided_by ended_at ended_by")),
    ),
    # A form is filled in once; a draft that was submitted to nobody is deleted by the worker.
    "financing_applicationform": (GROW, (*GROW, _some("UPDATE", "words"), Right("DELETE"))),
    "financing_application": (
        (*GROW, _some("UPDATE", f"{_SUBMITTED} taken_up_at taken_up_by answer")),
        (
            *GROW,
            _some("UPDATE", f"{_SUBMITTED} taken_up_at taken_up_by answer told_of_clock"),
            Right("DELETE"),
        ),
    ),
    "financing_paperrequest": (
        (*GROW, _some("UPDATE", "answered_at")),
        (*GROW, _some("UPDATE", "answered_at"), Right("DELETE")),
    ),
    "financing_applicationpaper": (
        (*GROW, _some("UPDATE", "act")),
        (*GROW, _some("UPDATE", "act content"), Right("DELETE")),
    ),
    "financing_applicationfeedback": (GROW, (*GROW, Right("DELETE"))),
    # Scores: the web has no way to them but `gate_score`; `evaluate` and the worker make them.
    "evaluation_run": (READ, ALL),
    "evaluation_bucket": (NONE, ALL),
    "evaluation_score": (NONE, (*GROW, Right("DELETE"))),
    "evaluation_touched": (NONE, ALL),
    # The operator's people register and promote versions through the web; the worker writes what is measured.
    "evaluation_version": (KEEP, READ),
    "evaluation_shadowscore": (NONE, (*GROW, Right("DELETE"))),
    "evaluation_loanscore": (NONE, (*GROW, Right("DELETE"))),
    "evaluation_shadowrun": (READ, (*GROW, Right("DELETE"))),
    "evaluation_baseline": (READ, GROW),
    "evaluation_modelreport": (READ, GROW),
    # An institution's card is written once; it may only be taken out of use.
    "evaluation_institutioncard": ((*GROW, _some("UPDATE", "retired_at retired_by")), READ),
    "disclosure_intent": (INTEND, INTEND),
    "disclosure_usageday": (READ, GROW),
    "disclosure_givencase": (READ, GROW),
    "disclosure_reading": (NONE, NONE),  # written by `gate_read` alone
    "disclosure_outcome": (GROW, GROW),
    "disclosure_use": (KEEP, KEEP),
    # What a subject said is never changed; where it stands is.
    "rights_objection": (
        (*GROW, _some("UPDATE", _OBJECTION)),
        (*GROW, _some("UPDATE", f"{_OBJECTION} statement warnings escalated_at")),
    ),
    "rights_repair": (
        (*GROW, _some("UPDATE", _REPAIR)),
        (*GROW, _some("UPDATE", f"{_REPAIR} statement forwarded_at window window_reference silent_on")),
    ),
    # Two persons of the operator's, through the web.
    "rights_usehold": ((*GROW, _some("UPDATE", "state confirmed_by confirmed_at lifted_at")), READ),
    # The worker tells; the recipient answers through the web.
    "rights_correction": (
        (*READ, _some("UPDATE", "state done note acknowledged_at acknowledged_by")),
        (*GROW, _some("UPDATE", "entry missed_on")),
    ),
    "rights_paper": (GROW, (*GROW, _some("UPDATE", "content"))),
    "governance_incident": (KEEP, KEEP),
    "governance_measure": (KEEP, KEEP),
    "governance_institutionapplication": (KEEP, ALL),
    # The web takes reports and answers; the worker notes whom it has told. The command line approves as it.
    "governance_approvalcondition": (
        (
            *GROW,
            _some(
                "UPDATE",
                "state statement evidence_sha256 reported_at reported_by answer answered_at answered_by "
                "due_on reminded_at overdue_entry",
            ),
        ),
        (*GROW, _some("UPDATE", "reminded_at overdue_entry")),
    ),
    "governance_conditionextension": (KEEP, READ),
    "governance_applicationdocument": (GROW, (*GROW, _some("UPDATE", "content"), Right("DELETE"))),
    "governance_invitation": (
        (*GROW, _some("UPDATE", "released_by secret until accepted_at account_id revoked_at")),
        READ,
    ),
    # The worker raises alarms; the web can't, it says who saw one.
    "governance_alarm": (
        (*READ, _some("UPDATE", "acknowledged_at acknowledged_by note")),
        (*GROW, _some("UPDATE", "acknowledged_at acknowledged_by note")),
    ),
    # The web registers, rotates and replays; the worker sends and forgets.
    "delivery_webhook": (KEEP, KEEP),
    "delivery_message": (KEEP, ALL),
    # The web takes subscriptions and acknowledgements; runs are made by the worker.
    "delivery_pushsubscription": (KEEP, KEEP),
    "delivery_pushterms": (GROW, GROW),
    "delivery_pushrun": ((*READ, _some("UPDATE", "state fetched_at acknowledged_at")), KEEP),
    "delivery_pushed": (READ, GROW),
    # Taken in and collected by the web, fetched for by the worker.
    "disclosure_deferred": ((*GROW, Right("DELETE")), ALL),
    # Kept in the transaction that releases; deleted by the worker, and sealed anew.
    "disclosure_kept": (GROW, (*GROW, _some("UPDATE", "answers score"), Right("DELETE"))),
    "disclosure_scored": (GROW, GROW),
}

# Sequences that are no identity columns' (those need no right of their own).
SEQUENCES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "records_record_id_seq": ((), ("USAGE", "SELECT")),
    "procrastinate_jobs_id_seq": (("USAGE",), ("USAGE",)),
    "procrastinate_events_id_seq": (("USAGE",), ("USAGE",)),
    "procrastinate_periodic_defers_id_seq": ((), ("USAGE",)),
}

# Functions that run with the owner's rights, and who may call them.
FUNCTIONS: dict[str, tuple[Role, ...]] = {
    "gate_read(uuid,text[])": BOUND,
    "gate_score(uuid)": BOUND,
}


def tables_of(role: Role) -> dict[str, Rights]:
    """Every declared table with what `role` may."""
    return {table: rights[BOUND.index(role)] for table, rights in TABLES.items()}


def sequences_of(role: Role) -> dict[str, tuple[str, ...]]:
    return {sequence: rights[BOUND.index(role)] for sequence, rights in SEQUENCES.items()}
