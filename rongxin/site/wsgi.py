import os

from django.core.checks import Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongxin.site.settings")
application = get_wsgi_application()

for refusal in run_checks(tags=[Tags.database], databases=["default"]):
    raise ImproperlyConfigured(refusal.msg)
