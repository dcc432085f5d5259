from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from rongxin.entrypoints import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
]
if find_spec("rongxin.entrypoints.api.urls"):
    urlpatterns.append(path("api/v1/", include("rongxin.entrypoints.api.urls")))
urlpatterns.append(path("", include("rongxin.entrypoints.portals.urls")))

handler404 = "rongxin.entrypoints.portals.public.not_found"
