"""`/api/v1`: one resource = one file; a route without a permission of its own is refused."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, path

from rongxin.entrypoints.api import (
    alarms,
    applications,
    batches,
    bulk,
    bureaus,
    cases,
    catalogue,
    consents,
    corrections,
    deletion,
    evaluation_models,
    financing_applications,
    held,
    idempotency,
    imported_consents,
    incidents,
    institution_cards,
    institution_conditions,
    institution_keys,
    institution_people,
    institution_redirect_uris,
    institution_renewals,
    institution_standing,
    institutions,
    journal,
    mappings,
    matching,
    measures,
    notifications,
    oauth,
    oauth_pushed,
    objections,
    official_duty,
    outcomes,
    problems,
    products,
    providers,
    push,
    quality,
    queries,
    query_parameters,
    registrations,
    repairs,
    reports,
    rows,
    schedules,
    signing_matters,
    signing_rules,
    step_ups,
    usage_feedback,
    use_holds,
    uses,
    webhooks,
    written_consents,
)
from rongxin.entrypoints.api.authentication import PartyKey
from rongxin.entrypoints.api.description import DescribedAPI
from rongxin.entrypoints.api.door import Bodies


def _nobody(request: HttpRequest) -> None:
    """Refuse: a route says who may call it, or that everybody may (`auth=None`)."""
    return


api = DescribedAPI(
    title="融信 Rongxin",
    version="1",
    description="融资信用服务平台接口（国办发〔2021〕52号） Interface of the credit-information platform",
    auth=_nobody,
    docs_url=None,
    urls_namespace="api",
    parser=Bodies(),
)
problems.install(api)
idempotency.install(api)
# Addresses are tried in this order: first what is asked for most.
api.add_router("/reports", reports.router)
api.add_router("/alarms", alarms.router)
api.add_router("/applications", applications.router)
api.add_router("/batches", batches.router)
api.add_router("/bulk", bulk.router)
api.add_router("/bureaus", bureaus.router)
api.add_router("/cases", cases.router)
api.add_router("/catalogue", catalogue.router)
api.add_router("/corrections", corrections.router)
api.add_router("/financing-applications", financing_applications.router)
api.add_router("/held", held.router)
api.add_router("/imported-consents", imported_consents.router)
api.add_router("/institution-cards", institution_cards.router)
api.add_router("/institutions", institutions.router)
api.add_router("/institutions", institution_keys.router)
api.add_router("/institutions", institution_redirect_uris.router)
api.add_router("/institutions", institution_conditions.router)
api.add_router("/institutions", institution_renewals.router)
api.add_router("/institutions", institution_standing.router)
api.add_router("/institutions", step_ups.router)
api.add_router("/evaluation-models", evaluation_models.router)
api.add_router("/incidents", incidents.router)
api.add_router("", institution_people.router)
api.add_router("/journal", journal.router)
api.add_router("/mappings", mappings.router)
api.add_router("/matching", matching.router)
api.add_router("/measures", measures.router)
api.add_router("/notifications", notifications.router)
api.add_router("/oauth", oauth.router)
api.add_router("/oauth", oauth_pushed.router)
api.add_router("/objections", objections.router)
api.add_router("/official-duty", official_duty.router)
api.add_router("/outcomes", outcomes.router)
api.add_router("/products", products.router)
api.add_router("/providers", providers.router)
api.add_router("/push", push.router)
api.add_router("/registrations", registrations.router)
api.add_router("/quality", quality.router)
api.add_router("/queries", queries.router)
api.add_router("/repairs", repairs.router)
api.add_router("/rows", rows.router)
api.add_router("/schedules", schedules.router)
api.add_router("/signing-matters", signing_matters.router)
api.add_router("/signing-rules", signing_rules.router)
api.add_router("/usage-feedback", usage_feedback.router)
api.add_router("/use-holds", use_holds.router)
api.add_router("/uses", uses.router)
# Before `consents`, whose acts take any word behind a consent's number.
api.add_router("", deletion.router)
api.add_router("/webhooks", webhooks.router)
api.add_router("", consents.router)
api.add_router("/written-consents", written_consents.router)
query_parameters.hold(api)


def _declare() -> None:
    """Write into the document of each operation who may call it, and whether an institution that
    is not served may (`x-unserved`); tests hold every one of them to it.
    """
    for _, router in api._routers:
        for view in router.path_operations.values():
            for operation in view.operations:
                guards = [one for one in operation.auth_callbacks if isinstance(one, PartyKey)]
                callers: dict[str, object] = {"x-callers": guards[0].permission.document()} if guards else {}
                if guards and guards[0].unserved:
                    callers["x-unserved"] = True
                operation.openapi_extra = {**(operation.openapi_extra or {}), **callers}


_declare()
urlpatterns: list[URLPattern | URLResolver] = [path("", api.urls)]
