"""The pages for people: what everybody may read without an account, and the portal of each kind of party."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from rongxin.entrypoints.portals import authorizing, identifying, languages, public, sign_in
from rongxin.entrypoints.portals.department import duty
from rongxin.entrypoints.portals.enterprise import (
    agents,
    applications,
    applying,
    consents,
    held,
    home,
    products,
    requests,
    rights,
    uses,
)
from rongxin.entrypoints.portals.institution import applications as worklist
from rongxin.entrypoints.portals.institution import cases, duties, reports
from rongxin.entrypoints.portals.institution import products as shelf
from rongxin.entrypoints.portals.operator import access, desk, glass, onboarding, quality, watch
from rongxin.entrypoints.portals.provider import batches, feedback, objections

_ENTERPRISE: list[URLPattern | URLResolver] = [
    path("enterprise", home.home, name="enterprise"),
    path("enterprise/connect", home.connect, name="enterprise_connect"),
    path("enterprise/requests", requests.listed, name="enterprise_requests"),
    path("enterprise/requests/<uuid:number>", requests.review, name="enterprise_request"),
    path("enterprise/requests/<uuid:number>/sign", requests.sign, name="enterprise_sign"),
    path("enterprise/requests/<uuid:number>/decline", requests.decline, name="enterprise_decline"),
    path("enterprise/consents", consents.listed, name="enterprise_consents"),
    path("enterprise/consents/<uuid:number>", consents.one, name="enterprise_consent"),
    path("enterprise/consents/<uuid:number>/pause", consents.pause, name="enterprise_pause"),
    path("enterprise/consents/<uuid:number>/resume", consents.resume, name="enterprise_resume"),
    path("enterprise/consents/<uuid:number>/withdraw", consents.withdraw, name="enterprise_withdraw"),
    path("enterprise/uses", uses.listed, name="enterprise_uses"),
    path("enterprise/uses/<uuid:number>", uses.one, name="enterprise_use"),
    path("enterprise/held", held.everything, name="enterprise_held"),
    path("enterprise/rights", rights.listed, name="enterprise_rights"),
    path("enterprise/rights/object/<slug:item>", rights.object_to, name="enterprise_object"),
    path("enterprise/rights/<uuid:number>/withdraw", rights.take_back, name="enterprise_take_back"),
    path("enterprise/rights/repair/<int:record>", rights.repair, name="enterprise_repair"),
    path("enterprise/agents", agents.listed, name="enterprise_agents"),
    path("enterprise/agents/<int:number>/end", agents.end, name="enterprise_agent_end"),
]

_FINANCING: list[URLPattern | URLResolver] = [
    path("enterprise/products", products.listed, name="enterprise_products"),
    path("enterprise/products/<uuid:number>", products.one, name="enterprise_product"),
    path("enterprise/apply", applying.apply, name="enterprise_apply"),
    path("enterprise/forms/<uuid:number>", applying.form, name="enterprise_form"),
    path("enterprise/applications", applications.listed, name="enterprise_applications"),
    path("enterprise/applications/<uuid:number>", applications.one, name="enterprise_application"),
    path("enterprise/applications/<uuid:number>/submit", applying.submit, name="enterprise_submit"),
    path("enterprise/applications/<uuid:number>/papers", applications.hand_in, name="enterprise_hand_in"),
    path(
        "enterprise/applications/<uuid:number>/papers/<uuid:which>",
        applications.paper,
        name="enterprise_paper",
    ),
    path(
        "enterprise/applications/<uuid:number>/withdraw",
        applications.withdraw,
        name="enterprise_application_withdraw",
    ),
    path(
        "enterprise/applications/<uuid:number>/feedback",
        applications.comment,
        name="enterprise_application_comment",
    ),
    path("institution/products", shelf.listed, name="institution_products"),
    path("institution/products/new", shelf.propose, name="institution_product_new"),
    path("institution/products/<uuid:number>", shelf.one, name="institution_product"),
    path("institution/products/<uuid:number>/publish", shelf.publish, name="institution_product_publish"),
    path("institution/products/<uuid:number>/decline", shelf.decline, name="institution_product_decline"),
    path("institution/products/<uuid:number>/retire", shelf.retire, name="institution_product_retire"),
    path("institution/applications", worklist.listed, name="institution_applications"),
    path("institution/applications/<uuid:number>", worklist.one, name="institution_application"),
    path("institution/applications/<uuid:number>/take-up", worklist.take_up, name="institution_take_up"),
    path("institution/applications/<uuid:number>/ask", worklist.ask, name="institution_ask_papers"),
    path("institution/applications/<uuid:number>/decide", worklist.decide, name="institution_decide"),
    path("institution/applications/<uuid:number>/tell", worklist.tell, name="institution_tell"),
    path(
        "institution/applications/<uuid:number>/papers/<uuid:which>",
        worklist.paper,
        name="institution_paper",
    ),
    path(
        "institution/applications/<uuid:number>/feedback",
        worklist.comment,
        name="institution_application_comment",
    ),
]

_STAFF: list[URLPattern | URLResolver] = [
    path("institution", cases.worklist, name="institution"),
    path("institution/cases/<uuid:number>", cases.one, name="institution_case"),
    path("institution/cases/<uuid:number>/ask", cases.ask, name="institution_ask"),
    path("institution/cases/<uuid:number>/close", cases.close, name="institution_close"),
    path("institution/cases/<uuid:number>/report", reports.of_case, name="institution_report"),
    path("institution/public", reports.public, name="institution_public"),
    path("institution/log", reports.own_log, name="institution_log"),
    path("institution/duties", duties.listed, name="institution_duties"),
    path("institution/duties/<uuid:number>", duties.state, name="institution_receipt"),
    path("institution/corrections/<uuid:number>", duties.acknowledge, name="institution_correction"),
    path("institution/incidents/<uuid:number>", duties.explain, name="institution_explain"),
    path("provider", batches.listed, name="provider"),
    path("provider/batches/<uuid:number>", batches.one, name="provider_batch"),
    path("provider/batches/<uuid:number>/rejects.csv", batches.rejects, name="provider_rejects"),
    path("provider/objections", objections.listed, name="provider_objections"),
    path("provider/objections/<uuid:number>", objections.one, name="provider_objection"),
    path("provider/objections/<uuid:number>/<uuid:paper>", objections.evidence, name="provider_evidence"),
    path("provider/quality", feedback.quality, name="provider_quality"),
    path("provider/use", feedback.use, name="provider_use"),
    path("department", duty.home, name="department"),
    path("operator", watch.home, name="operator"),
    path("operator/watch", watch.watch, name="operator_watch"),
    path("operator/alarms/<uuid:number>", watch.acknowledge, name="operator_acknowledge"),
    path("operator/incidents/<uuid:number>", watch.decide, name="operator_decide"),
    path("operator/institutions", watch.institutions_listed, name="operator_institutions"),
    path("operator/held", desk.held, name="operator_held"),
    path("operator/held/<uuid:number>/release", desk.release, name="operator_release"),
    path("operator/held/<uuid:number>/refuse", desk.refuse, name="operator_refuse"),
    path("operator/matching", desk.matching, name="operator_matching"),
    path("operator/matching/<uuid:number>/<int:line>", desk.settle, name="operator_settle"),
    path("operator/decisions/<uuid:number>", desk.confirm, name="operator_confirm"),
    path("operator/applications", onboarding.listed, name="operator_applications"),
    path("operator/applications/<uuid:number>", onboarding.one, name="operator_application"),
    path("operator/applications/<uuid:number>/assess", onboarding.assess, name="operator_assess"),
    path("operator/applications/<uuid:number>/decide", onboarding.decide, name="operator_application_decide"),
    path("operator/institutions/<slug:institution>", access.one, name="operator_institution"),
    path("operator/institutions/<slug:institution>/measures", access.measure, name="operator_measure"),
    path(
        "operator/institutions/<slug:institution>/measures/<uuid:number>",
        access.settle,
        name="operator_measure_settle",
    ),
    path("operator/institutions/<slug:institution>/enter", access.enter, name="operator_enter"),
    path(
        "operator/institutions/<slug:institution>/confirm/<uuid:number>",
        access.confirm,
        name="operator_registered_confirm",
    ),
    path(
        "operator/institutions/<slug:institution>/revoke/<uuid:number>", access.revoke, name="operator_revoke"
    ),
    path(
        "operator/institutions/<slug:institution>/people/<int:number>",
        access.end_role,
        name="operator_end_role",
    ),
    path("operator/glass", glass.listed, name="operator_glass"),
    path("operator/glass/<uuid:number>", glass.one, name="operator_glass_one"),
    path("operator/glass/<uuid:number>/look", glass.look, name="operator_glass_look"),
    path("operator/glass/<uuid:number>/decide", glass.decide, name="operator_glass_decide"),
    path("operator/glass/<uuid:number>/close", glass.close, name="operator_glass_close"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", public.front, name="front"),
    path("authorize", authorizing.page, name="authorize"),
    path("catalogue", public.catalogue, name="catalogue"),
    path("catalogue/<slug:item>", public.catalogue_item, name="catalogue_item"),
    path("products", public.products, name="products"),
    path("journal", public.journal, name="journal"),
    path("operator/quality", quality.quality, name="operator_quality"),
    path("demo/<str:name>", public.demo_file, name="demo_file"),
    path("sign-in", sign_in.choose, name="sign_in"),
    path("sign-in/person", identifying.person, name="sign_in_person"),
    path("sign-in/openid/<slug:provider>", identifying.leave_for, name="sign_in_openid"),
    path("sign-in/openid/<slug:provider>/back", identifying.come_back, name="sign_in_openid_back"),
    path("sign-in/staff", sign_in.staff, name="sign_in_staff"),
    path("sign-in/code", sign_in.code, name="sign_in_code"),
    path("sign-in/enrol", sign_in.enrol, name="sign_in_enrol"),
    path("sign-in/password", sign_in.change_password, name="change_password"),
    path("sign-in/roles", sign_in.roles, name="roles"),
    path("sign-out", sign_in.leave, name="sign_out"),
    path("language/<str:language>", languages.choose, name="language"),
    *_ENTERPRISE,
    *_FINANCING,
    *_STAFF,
]
