"""The pages for people: what everybody may read without an account, and what the operator watches."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from rongxin.entrypoints.portals import authorizing, operator, public

urlpatterns: list[URLPattern | URLResolver] = [
    path("", public.front, name="front"),
    path("authorize", authorizing.page, name="authorize"),
    path("catalogue", public.catalogue, name="catalogue"),
    path("catalogue/<slug:item>", public.catalogue_item, name="catalogue_item"),
    path("journal", public.journal, name="journal"),
    path("operator/quality", operator.quality, name="operator_quality"),
    path("demo/<str:name>", public.demo_file, name="demo_file"),
]
