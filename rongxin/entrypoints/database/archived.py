"""What becomes of each table when the node moves out (docs/moving.md): a table is written, or named as left.

Beside what another node takes in, every table goes along as an archive, row for row, but for what means
nothing elsewhere and what must not lie in a file. A table that isn't here fails the tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rongxin.delivery.moving.archive import Table
from rongxin.journal.sealing import SealedColumn


def _named(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Written by their rooms, in files of their own (`delivery.moving.outward`).
WRITTEN = _named(
    """
    parties_department parties_institution parties_subject parties_subjectalias parties_account
    parties_membership records_record consent_consent consent_scan sharing_batch disclosure_intent
    disclosure_outcome journal_entry
    """
)
#: Secrets; what is gone in minutes; what follows from what is written; other programs' own tables.
LEFT = _named(
    """
    parties_apikey parties_oldpassword parties_secondfactor parties_passkey parties_failedsignin
    parties_opensession parties_keptfile parties_usednumber parties_idempotencykey parties_stepup
    parties_realname parties_quotause parties_subjectasked consent_pushedrequest disclosure_deferred
    disclosure_kept sharing_errand journal_leaf journal_subtree journal_pending journal_checkpoint
    journal_cursor records_lake_manifest records_lake_mark records_lake_ending sharing_bulkfreshness
    disclosure_reading evaluation_bucket evaluation_score evaluation_shadowscore evaluation_loanscore
    evaluation_touched delivery_message delivery_pushed django_session django_migrations
    django_content_type auth_group auth_group_permissions auth_permission procrastinate_jobs
    procrastinate_events procrastinate_workers procrastinate_periodic_defers
    """
)
#: Columns that must not lie in a file, or mean nothing elsewhere.
WITHOUT = {
    "delivery_webhook": ("secret", "former_secret"),
    "governance_institutionapplication": ("secret", "origin"),
    "governance_invitation": ("secret",),
}
ARCHIVED = _named(
    """
    parties_provider parties_bureau parties_bureaumandate parties_bureauact parties_dutymandate
    parties_dutyuse parties_breakglass parties_institutionkey parties_quotalimit parties_listexport
    parties_keptsearch consent_case consent_consentrequest consent_redirecturi consent_signingrule
    consent_signingmatter consent_givensignature consent_givennumber consent_writtenproposal
    consent_importedconsent consent_notification consent_deletionduty consent_deletionreceipt
    records_withdrawal records_unmatching records_unlisting records_source records_mark sharing_movedfile
    sharing_outcome sharing_savedmapping sharing_schedule sharing_providerlevel sharing_reminder sharing_call
    sharing_bulkagreement sharing_bulkturn sharing_decision sharing_rowchange
    sharing_batchproposal financing_outcome
    financing_productversion financing_applicationform financing_application financing_paperrequest
    financing_applicationpaper financing_applicationfeedback evaluation_run evaluation_version
    evaluation_shadowrun evaluation_baseline evaluation_modelreport evaluation_institutioncard
    disclosure_usageday disclosure_givencase disclosure_use disclosure_scored rights_objection rights_repair
    rights_usehold rights_correction rights_paper governance_incident governance_measure
    governance_institutionapplication governance_applicationdocument governance_approvalcondition
    governance_conditionextension governance_invitation governance_alarm
    delivery_webhook delivery_pushsubscription delivery_pushterms delivery_pushrun
    """
)


def tables(sealed: Sequence[SealedColumn]) -> Iterator[Table]:
    """Yield what is to be archived, with the columns that the node's data keys seal."""
    for name in sorted(ARCHIVED):
        without = WITHOUT.get(name, ())
        own = tuple(one for one in sealed if one.table == name and one.column not in without)
        yield Table(name, without=without, sealed=own)
