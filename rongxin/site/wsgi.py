import gc
import os

from django.core.checks import Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from rongxin.catalogue import loader

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongxin.site.settings")
os.environ.setdefault("RONGXIN_DATABASE_ROLE", "web")
application = get_wsgi_application()

for refusal in run_checks(tags=[Tags.database], databases=["default"]):
    raise ImproperlyConfigured(refusal.msg)

# What is loaded by now (catalogue, routes) stays: the collector needn't walk it again and again.
loader.load()
get_resolver().url_patterns  # noqa: B018 - read once, kept by Django
gc.collect()
gc.freeze()
