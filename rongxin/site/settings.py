"""Django settings of a node, derived from `site.configuration`."""

from __future__ import annotations

import os

from rongxin.site import checks as checks  # registers what production asks its database server
from rongxin.site import translations
from rongxin.site.configuration import Configuration

CONFIGURATION = Configuration.from_environment()

RONGXIN_MODE = CONFIGURATION.mode
RONGXIN_VAR = CONFIGURATION.var
RONGXIN_KEYS = CONFIGURATION.keys  # the node's signing keys; made by the demo, given in production
SECRET_KEY = CONFIGURATION.secret_key
DEBUG = CONFIGURATION.debug
ALLOWED_HOSTS = CONFIGURATION.allowed_hosts if RONGXIN_MODE != "test" else ["*"]
CSRF_TRUSTED_ORIGINS = CONFIGURATION.origins

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "procrastinate.contrib.django",
    "rongxin.journal",
    "rongxin.parties",
    "rongxin.consent",
    "rongxin.records",
    "rongxin.sharing",
    "rongxin.financing",
    "rongxin.evaluation",
    "rongxin.disclosure",
    "rongxin.delivery",
    "rongxin.rights",
    "rongxin.governance",
    "rongxin.entrypoints",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "rongxin.entrypoints.security.ContentSecurityPolicy",
    "rongxin.entrypoints.api.door.Door",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# One thread of a web worker holds at most one connection; the pool lends it (facts: 11 times faster than a
# connection per request). The gate opens its own short transactions, so requests have none around them.
# As whom this process meets the database, and at which addresses a command may (`database.addresses.use`).
RONGXIN_DATABASE_ROLE = CONFIGURATION.role
RONGXIN_DATABASES = CONFIGURATION.addresses
WEB_THREADS = int(os.environ.get("RONGXIN_WEB_THREADS", "4"))
MORE_OF_A_WORKER = 24  # its duties and errands have a thread each; a web process has no more than its own
DATABASES = {
    "default": {
        **RONGXIN_DATABASES[RONGXIN_DATABASE_ROLE][0],
        "CONN_MAX_AGE": 0,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {
            **RONGXIN_DATABASES[RONGXIN_DATABASE_ROLE][1],
            # Plans are kept for what asks for it (`journal.plans`), never because a statement ran often.
            "server_side_binding": True,
            "prepare_threshold": 1_000_000_000,
            "application_name": f"rongxin {os.getpid()}",  # who uses the database, in pg_stat_activity
            **(
                {}
                if RONGXIN_MODE == "test"
                else {"pool": {"min_size": 1, "max_size": WEB_THREADS + MORE_OF_A_WORKER, "timeout": 30}}
            ),
        },
        "TEST": {"NAME": os.environ.get("RONGXIN_TEST_DB", "test_rongxin")},
    }
}

AUTH_USER_MODEL = "parties.Account"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if RONGXIN_MODE == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "rongxin.site.urls"
WSGI_APPLICATION = "rongxin.site.wsgi.application"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [translations.compiled(RONGXIN_VAR)]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"

# What reports say about the node, and the word of warning on everything a demo shows.
RONGXIN_NODE_NAME = os.environ.get("RONGXIN_NODE_NAME", "融资信用服务平台")
RONGXIN_NOTICE = (
    "演示数据：企业、人员与记录均为虚构。 Demo data: all invented." if RONGXIN_MODE == "demo" else None
)
# Where the world reaches the node ("https://credit.example.cn"); without it, where a request came in. Proofs
# of possession name this address.
RONGXIN_PUBLIC_URL = os.environ.get("RONGXIN_PUBLIC_URL", "").rstrip("/")
# With `required` an institution needs a token bound to its key (FAPI 2.0); its plain API keys open nothing.
RONGXIN_BOUND_TOKENS = os.environ.get("RONGXIN_BOUND_TOKENS", "")
# Whose certificates of institutions are believed: a directory of `roots/`, `intermediates/` and `crls/`. With
# `required` an institution's key is registered by a certificate only.
RONGXIN_TRUST = os.environ.get("RONGXIN_TRUST", "")
RONGXIN_CERTIFICATES = os.environ.get("RONGXIN_CERTIFICATES", "")
# Who asserts that a person is who they say: the OpenID providers of a file (`docs/sign-in.md`), and a class
# that takes evidence on our own page. The demo's believes anybody and refuses to run in production.
RONGXIN_OPENID_PROVIDERS = os.environ.get("RONGXIN_OPENID_PROVIDERS", "")
RONGXIN_IDENTITY_PROVIDER = os.environ.get(
    "RONGXIN_IDENTITY_PROVIDER",
    "" if RONGXIN_MODE == "production" else "rongxin.parties.identity.DemoIdentityProvider",
)

# Who signs reports on paper (PKCS#12 or PEM with key and chain; made by the demo, given in production), and
# the authority that stamps them with the time. Where it is silent, `refuse` prints no report and `sign` one
# whose signature says that it has no time-stamp.
RONGXIN_REPORT_CERTIFICATE = os.environ.get("RONGXIN_REPORT_CERTIFICATE", "")
RONGXIN_REPORT_CERTIFICATE_PASSWORD = os.environ.get("RONGXIN_REPORT_CERTIFICATE_PASSWORD", "")
RONGXIN_TSA_URL = os.environ.get("RONGXIN_TSA_URL", "")
RONGXIN_TSA_SECONDS = float(os.environ.get("RONGXIN_TSA_SECONDS", "5"))
RONGXIN_TSA_SILENT = os.environ.get("RONGXIN_TSA_SILENT") or (
    "refuse" if RONGXIN_MODE == "production" else "sign"
)

# The way to the one national window for credit repair, and the key that its decisions are signed with.
RONGXIN_REPAIR_WINDOW = os.environ.get("RONGXIN_REPAIR_WINDOW", "")
RONGXIN_REPAIR_WINDOW_KEY = os.environ.get("RONGXIN_REPAIR_WINDOW_KEY", "")

# How far messages to receivers go: networks beyond the public one that the operator opens (a government
# extranet), whose certificates are believed besides the system's, and plain HTTP to this machine, for demos.
RONGXIN_WEBHOOK_NETWORKS = [
    word for word in os.environ.get("RONGXIN_WEBHOOK_NETWORKS", "").split(",") if word
]
RONGXIN_WEBHOOK_AUTHORITY = os.environ.get("RONGXIN_WEBHOOK_AUTHORITY", "")
RONGXIN_WEBHOOK_LOOPBACK = (
    os.environ.get("RONGXIN_WEBHOOK_LOOPBACK", "0") not in ("", "0") and RONGXIN_MODE != "production"
)

DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "rongxin.entrypoints.uploads.UnnamedFileUploadHandler",
]
# The longest file a provider may hand in over HTTP. A file lies on the disk twice while it is taken in (the
# upload and its copy for the readers), so one must not be able to fill it; whoever has more parts the file.
RONGXIN_UPLOAD_MAX_BYTES = int(os.environ.get("RONGXIN_UPLOAD_MAX_BYTES", 512 << 20))

# How many proxies of ours stand before the node: as many last hops of X-Forwarded-For are believed.
RONGXIN_PROXIES = int(os.environ.get("RONGXIN_PROXIES", "1" if RONGXIN_MODE == "production" else "0"))
# Which body of rules a password follows: `mlps3` (GB/T 22239 level 3) or `asvs` (OWASP ASVS 5.0).
RONGXIN_PASSWORDS = os.environ.get("RONGXIN_PASSWORDS", "mlps3")

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGIN_URL = "sign_in"
SESSION_COOKIE_AGE = 8 * 3600  # the limits of `parties.rules.sign_in` are stricter and end it earlier
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if RONGXIN_MODE == "production":
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("RONGXIN_LOG", "WARNING")},
    # A refusal (403, 409, 422) is an answer, not an incident; it stands in the journal.
    "loggers": {"django.request": {"level": "ERROR"}},
}
