"""Settings, read from the environment; anything unsafe or missing stops the start.

Variables are listed with their meaning in ``docs/operations.md``.
"""

from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import django_stubs_ext
import environ
from csp.constants import NONCE, SELF, UNSAFE_EVAL
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from bozhou_eco.common import sealed_text

# Generic classes of Django may be written with their parameters at run time too.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

WEAK_SECRETS = ("changeme", "secret", "django-insecure", "default", "password")
OWN_HOST = ["127.0.0.0/8", "::1/128"]
STAGES = ("production", "demo", "development", "test")


def secret(name: str) -> str:
    """Return a secret from ``NAME`` or the file named by ``NAME_FILE``."""
    file_name = env.str(f"{name}_FILE", default="")
    value = Path(file_name).read_text().strip() if file_name else env.str(name, "")
    if len(value) < 32 or any(weak in value.lower() for weak in WEAK_SECRETS):
        raise ImproperlyConfigured(
            f"{name} is missing, shorter than 32 characters or a well-known default. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return value


def secret_or_none(name: str) -> str | None:
    """Return a secret that somebody else made, or None where there is none."""
    file_name = env.str(f"{name}_FILE", default="")
    return (
        Path(file_name).read_text().strip() if file_name else env.str(name, "")
    ) or None


STAGE = env.str("BOZHOU_STAGE", default="production")
if STAGE not in STAGES:
    raise ImproperlyConfigured(f"BOZHOU_STAGE must be one of {', '.join(STAGES)}.")
PRODUCTION = STAGE == "production"
SECRET_KEY = secret("SECRET_KEY")
# Keys of personal data at rest, the first for writing: FIELD_KEYS=NAME:BASE64,…
FIELD_KEYS = sealed_text.read_keys(env.str("FIELD_KEYS", default=""))
if not FIELD_KEYS:
    if PRODUCTION:
        raise ImproperlyConfigured(
            "FIELD_KEYS is missing: it encrypts names and telephone numbers. Make one "
            "with: python -c 'import base64, os; "
            'print("k1:" + base64.urlsafe_b64encode(os.urandom(32)).decode())\''
        )
    FIELD_KEYS = {"own": sealed_text.derived_key(SECRET_KEY)}
DEBUG = env.bool("DEBUG", default=False)
if DEBUG and STAGE in ("production", "demo"):
    raise ImproperlyConfigured("DEBUG must be off when BOZHOU_STAGE is " + STAGE)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is missing: name the site's hosts.")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- time and language ---------------------------------------------------------
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="Asia/Shanghai")
if TIME_ZONE != "Asia/Shanghai" or not str(ZoneInfo(TIME_ZONE)):
    raise ImproperlyConfigured(
        "TIME_ZONE must be Asia/Shanghai: HJ 212 wire times are Beijing time."
    )
LANGUAGE_CODE = "zh-hans"
USE_I18N = True
FORMAT_MODULE_PATH = "bozhou_eco.formats"

# --- applications --------------------------------------------------------------
INSTALLED_APPS = [
    "bozhou_eco.audit",
    "bozhou_eco.accounts",
    "bozhou_eco.evidence",
    "alerts",
    "enforcement",
    "polluters",
    "vehicles",
    "bozhou_eco.overview",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
]
MIDDLEWARE = [
    "bozhou_eco.common.requests.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "bozhou_eco.accounts.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "bozhou_eco.urls"
ASGI_APPLICATION = "bozhou_eco.asgi.application"
WSGI_APPLICATION = "bozhou_eco.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "bozhou_eco.overview.navigation.navigation",
            ],
        },
    }
]

# --- stores --------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL")}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database.")
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=0)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Threads, and so database connections, of one web process.
WEB_THREADS = env.int("WEB_THREADS", default=8)
# Live video of one web process: channels decoded, people looking, pictures a second.
VIDEO_FEEDS = env.int("VIDEO_FEEDS", default=4)
VIDEO_VIEWERS = env.int("VIDEO_VIEWERS", default=40)
VIDEO_RATE = env.int("VIDEO_RATE", default=5)
if STAGE == "test":
    DATABASES["default"]["TEST"] = {
        "NAME": "test_bozhou" + env.str("TEST_DB_SUFFIX", default="")
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "bozhou_eco.common.caching.SteadyCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "bozhou",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "bozhou"},
    }
}
MQTT_URL = env.str("MQTT_URL", default="mqtt://127.0.0.1:1883")
EVIDENCE_URL = env.str("EVIDENCE_URL", default=f"file://{BASE_DIR}/var/evidence")
if urlsplit(EVIDENCE_URL).scheme not in ("file", "s3"):
    raise ImproperlyConfigured("EVIDENCE_URL must start with file:// or s3://.")
EVIDENCE_KEY_FILE = env.str(
    "EVIDENCE_KEY_FILE", default=str(BASE_DIR / "var/keys/evidence.pem")
)
# Public keys (hex) that signed earlier anchors, where the signing key had to be replaced.
EVIDENCE_OLD_KEYS = env.list("EVIDENCE_OLD_KEYS", default=[])
# A time-stamping authority (RFC 3161) for bundles, and its root certificates (PEM).
TSA_URL = env.str("TSA_URL", default="")
TSA_ROOTS_FILE = env.str("TSA_ROOTS_FILE", default="")
if TSA_URL and not Path(TSA_ROOTS_FILE).is_file():
    raise ImproperlyConfigured(
        "TSA_URL needs TSA_ROOTS_FILE: a PEM file with the authority's root certificates."
    )

# Signed heads of every chain; keep a copy on another host.
ANCHOR_DIR = env.str("ANCHOR_DIR", default=str(BASE_DIR / "var/anchors"))

# The logger as which the hourly canary frame is sent; empty sends none.
CANARY_MN = env.str("CANARY_MN", default="")
# Working hours without any upload after which an inspection station is asked about;
# 0 never asks. No standard sets it: a station tests several vehicles an hour.
STATION_SILENT_HOURS = env.int("STATION_SILENT_HOURS", default=3)
# Alerts a day that one person on duty can answer with care.
ALERT_BUDGET = env.int("ALERT_BUDGET", default=60)

# --- background work -----------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
}

# --- who may come in -----------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "bozhou_eco.accounts.backends.PersonBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if STAGE == "test"
    else [
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "bozhou_eco.accounts.adapter.ClosedAdapter"
SOCIALACCOUNT_ADAPTER = "bozhou_eco.accounts.adapter.ClosedSocialAdapter"
ACCOUNT_FORMS = {"login": "bozhou_eco.accounts.forms.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
# How old a password or code may be for an act that binds: long enough for a sitting of
# second reviews or a decision with its document, too short for a desk left over lunch.
# 0 never asks, which only the suite may (its clients sign in without a password).
REAUTHENTICATE_SECONDS = env.int(
    "REAUTHENTICATE_SECONDS", default=0 if STAGE == "test" else 1800
)
if REAUTHENTICATE_SECONDS <= 0 and STAGE != "test":
    raise ImproperlyConfigured("REAUTHENTICATE_SECONDS must be more than 0.")
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "博州智慧监管"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_REQUIRED = env.bool("MFA_REQUIRED", default=PRODUCTION)
USERSESSIONS_TRACK_ACTIVITY = False  # a write on every request; idle time is kept
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=8 * 3600)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
OIDC_SERVER_URL = env.str("OIDC_SERVER_URL", default="")
SOCIALACCOUNT_PROVIDERS = (
    {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "bureau",
                    "name": "统一身份认证",
                    "client_id": env.str("OIDC_CLIENT_ID"),
                    "secret": env.str("OIDC_CLIENT_SECRET"),
                    "settings": {"server_url": OIDC_SERVER_URL},
                }
            ]
        }
    }
    if OIDC_SERVER_URL
    else {}
)

# --- transport and content security -------------------------------------------
HTTPS = env.bool("HTTPS", default=PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSP_ADMIN_PATH = "/admin/"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "frame-ancestors": ["'none'"],
        "base-uri": [SELF],
        "form-action": [SELF],
        "object-src": ["'none'"],
    }
}
CSP_ADMIN_SCRIPT = [SELF, NONCE, UNSAFE_EVAL]

# Non-public networks that webhooks, exchange and cameras may reach (comma-separated).
OUTBOUND_NETWORKS = [
    ip_network(text)
    for text in env.list("OUTBOUND_NETWORKS", default=[] if PRODUCTION else OWN_HOST)
]

# --- files ---------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "var/static"))
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": {
            "production": "bozhou_eco.common.static.CompressedStorage",
            # Compressing takes a minute: right for an image, too long for a first demo.
            "demo": "bozhou_eco.common.static.HashedStorage",
        }.get(STAGE, "django.contrib.staticfiles.storage.StaticFilesStorage")
    },
}
if urlsplit(EVIDENCE_URL).scheme == "s3":
    # Keys come from these variables or from what the host itself offers (a role).
    from botocore.config import Config

    STORAGES["evidence"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": urlsplit(EVIDENCE_URL).netloc,
            "location": urlsplit(EVIDENCE_URL).path.strip("/"),
            "endpoint_url": env.str("EVIDENCE_S3_ENDPOINT", default="") or None,
            "region_name": env.str("EVIDENCE_S3_REGION", default="us-east-1"),
            "access_key": env.str("EVIDENCE_S3_KEY", default="") or None,
            "secret_key": secret_or_none("EVIDENCE_S3_SECRET"),
            "default_acl": None,
            "max_memory_size": 16 * 1024 * 1024,
            # Many makes of storage know neither virtual hosts nor the newer checksums;
            # originals are checked by their own SHA-256.
            "client_config": Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=3,
                read_timeout=30,
                retries={"total_max_attempts": 2},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        },
    }
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = STAGE not in ("production", "demo")
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(BASE_DIR / "var/media"))
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# --- REST ----------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["bozhou_eco.accounts.access.HasFactRole"],
    "DEFAULT_PARSER_CLASSES": [
        "bozhou_eco.common.parsers.StrictJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "PAGE_SIZE": 100,
    "EXCEPTION_HANDLER": "bozhou_eco.common.problems.problem_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "博州机动车与污染源智慧监管平台 API",
    "DESCRIPTION": "Errors are RFC 9457 problem details (application/problem+json).",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["bozhou_eco.accounts.access.IsSignedIn"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
}

# --- admin ---------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "博州智慧监管 · 后台配置",
    "SITE_HEADER": "博州智慧监管",
    "SITE_SUBHEADER": "后台配置",
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: static("img/mark.svg"),
        }
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
}

# --- mail and logs -------------------------------------------------------------
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="noreply@localhost")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "bozhou_eco.common.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "uvicorn.access": {"level": "WARNING", "propagate": False},
        "weasyprint": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
    },
}

# --- HJ 212 intake --------------------------------------------------------------
HJ212_FUTURE_TOLERANCE_S = env.int("HJ212_FUTURE_TOLERANCE_S", default=600)
HJ212_BATCH_SIZE = env.int("HJ212_BATCH_SIZE", default=2000)
HJ212_BATCH_SECONDS = env.float("HJ212_BATCH_SECONDS", default=0.2)

# --- operations -----------------------------------------------------------------
# Who may read /metrics: the holder of the token; unset, unproxied loopback callers.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
BACKUP_PUBLIC_KEY_FILE = env.str(
    "BACKUP_PUBLIC_KEY_FILE", default=str(BASE_DIR / "var/keys/backup.pub")
)
# polluters: the TCP gateway; frames/s and burst per device, seconds, bytes.
HJ212_GATEWAY = {
    "STATE": env.str("HJ212_GATEWAY_STATE", default=str(BASE_DIR / "var")),
    "RATE_PER_S": env.float("HJ212_GATEWAY_RATE_PER_S", default=20.0),
    "BURST": env.int("HJ212_GATEWAY_BURST", default=200),
    "IDLE_S": env.float("HJ212_GATEWAY_IDLE_S", default=900.0),
    "HALF_FRAME_S": env.float("HJ212_GATEWAY_HALF_FRAME_S", default=30.0),
    "UNDERWAY_MAX": env.int("HJ212_GATEWAY_UNDERWAY_MAX", default=20_000),
    "MAX_PER_ADDRESS": env.int("HJ212_GATEWAY_MAX_PER_ADDRESS", default=1000),
    "SPOOL_MAX_BYTES": env.int("HJ212_GATEWAY_SPOOL_MAX_BYTES", default=1 << 30),
}

# --- vision: weight names are relative to vehicles/vision/weights, or absolute paths -----
VISION_VEHICLES_MODEL = env.str("VISION_VEHICLES_MODEL", default="smoke_openvino_model")
VISION_SMOKE_MODEL = env.str("VISION_SMOKE_MODEL", default="smoke_openvino_model")
VISION_IMAGE_SIZE = env.int("VISION_IMAGE_SIZE", default=512)
VISION_FRAMES_PER_SECOND = env.float("VISION_FRAMES_PER_SECOND", default=5)
VISION_THREADS = env.int("VISION_THREADS", default=2)
# A device of FFmpeg that decodes video ("cuda", "qsv"); the processor where it cannot.
VIDEO_HARDWARE = env.str("VIDEO_HARDWARE", default="")

# --- closing hours and days ---------------------------------------------------------
HOUR_GRACE_MINUTES = env.int("HOUR_GRACE_MINUTES", default=10)

# --- data of the national platform: a folder that both sides reach, or REST ----------
NATIONAL_INBOX = env.str("NATIONAL_INBOX", default="")
NATIONAL_URL = env.str("NATIONAL_URL", default="")
NATIONAL_SECRET = env.str("NATIONAL_SECRET", default="")
# polluters: requests to loggers; HJ 212-2017 §6.6 gives mobile networks 10 s and 3 resends.
HJ212_COMMANDS = {
    "TIMEOUT_S": env.int("HJ212_COMMAND_TIMEOUT_S", default=10),
    "RESENDS": env.int("HJ212_COMMAND_RESENDS", default=3),
    "SETUP": env.bool("HJ212_SETUP_ON_CONNECT", default=True),
}
# alerts: the address people open from a message; Web Push contact of the VAPID claim.
SITE_URL: str = env.str("SITE_URL", default="http://localhost:8000")
# overview: 有效传输率 the bureau is assessed by (90 %, from memory: confirm), own map file.
TRANSMISSION_TARGET = env.float("TRANSMISSION_TARGET", default=0.9)
MAP_FILE = env.str("MAP_FILE", default="")
