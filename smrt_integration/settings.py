"""Django settings.

Every value that differs between installations comes from the environment.
"""

from pathlib import Path
from urllib.parse import urlsplit

from smrt_integration import environment, lockout, logs, theme, timeouts
from smrt_integration.api.description import DESCRIPTION

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = environment.flag("DEBUG")

# Everybody knows these, so they are accepted only with DEBUG.
DEVELOPMENT_SECRET = "for development only"
DEVELOPMENT_FIELD_KEY = "ZGV2ZWxvcG1lbnQtb25seS1kZXZlbG9wbWVudC1vbmw="
SERVERS = "set it, or start with `make run` or `make test`, which bring their own servers"

SECRET_KEY = environment.signing_key("SECRET_KEY", DEVELOPMENT_SECRET, DEBUG)
SECRET_KEY_FALLBACKS = environment.old_signing_keys("SECRET_KEY_FALLBACKS", DEBUG)
FIELD_KEYS = environment.field_keys("FIELD_KEYS", DEVELOPMENT_FIELD_KEY, DEBUG)
ALLOWED_HOSTS = environment.hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]", DEBUG)
PUBLIC_URL = environment.public_origin("PUBLIC_URL", "http://127.0.0.1:8000", DEBUG)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "customers.account.login.form_expired"
DEFAULT_EXCEPTION_REPORTER = "smrt_integration.error_reports.LinkHidingReporter"
LOGGING = logs.configure(
    environment.choice("LOG_LEVEL", {"DEBUG", "INFO", "WARNING", "ERROR"}, "INFO"), readable=DEBUG
)

DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logs.CLIENT_ERROR_LEVEL

DATABASE_PASSWORD = environment.string("DATABASE_PASSWORD", "")
DATABASE = environment.database("DATABASE_URL", DATABASE_PASSWORD, SERVERS)
DATABASES = {
    "default": DATABASE
    | {
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # They outlive a statement, so a connection pooler in transaction mode cannot have them.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        # Options of the address itself (sslmode, say) come first.
        "OPTIONS": {"connect_timeout": 5}
        | DATABASE.get("OPTIONS", {})
        | {"cursor_factory": timeouts.CursorWithTimeouts},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.url("REDIS_URL", {"redis", "rediss", "unix"}, None, SERVERS)
CELERY_BROKER_URL = environment.url(
    "CELERY_BROKER_URL",
    {"redis", "rediss", "redis+socket", "amqp", "amqps"},
    REDIS_URL.replace("unix://", "redis+socket://"),
)
SEGMENT_HOST = environment.url("SEGMENT_HOST", {"http", "https"}, "")
# Seconds. With more than 20, a task that waits for hanging receivers could exceed
# CELERY_TASK_SOFT_TIME_LIMIT.
SEGMENT_TIMEOUT = environment.number("SEGMENT_TIMEOUT", 10, 1, 20)
SEGMENT_GZIP = environment.flag("SEGMENT_GZIP")
# Seconds that each step of sending an alert may take, should the mail server hang.
EMAIL_TIMEOUT = 10
vars().update(environment.email("EMAIL_URL"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.sender(
    "DEFAULT_FROM_EMAIL", f"SMRT <smrt@{urlsplit(PUBLIC_URL).hostname}>"
)
ERROR_EMAILS = environment.comma_separated("ERROR_EMAILS")
# CONSOLE prints texts and sends none. The names are those of customers.texts.backends.
TEXTS_BACKEND = environment.choice("TEXTS_BACKEND", {"CONSOLE", "TWILIO"}, "CONSOLE")
NEEDED_BY_TWILIO = "set it, as TEXTS_BACKEND is twilio"
TWILIO_ACCOUNT_SID = environment.string(
    "TWILIO_ACCOUNT_SID", None if TEXTS_BACKEND == "TWILIO" else "", NEEDED_BY_TWILIO
)
# Twilio also signs its webhook calls about incoming texts with it.
TWILIO_AUTH_TOKEN = environment.string(
    "TWILIO_AUTH_TOKEN", None if TEXTS_BACKEND == "TWILIO" else "", NEEDED_BY_TWILIO
)
TWILIO_HOST = environment.url("TWILIO_HOST", {"http", "https"}, "")
# Of one number, over all workers. Twilio sends one a second from an ordinary number in North
# America, three from a toll-free one and a hundred from a short code. It keeps what is more in a
# queue of its own, from which a text may leave after nine in the evening.
TEXTS_PER_SECOND = environment.number("TEXTS_PER_SECOND", 1, 1, 1_000)

INSTALLED_APPS = [
    # Before the theme and Django's admin: it replaces some of their templates.
    "smrt_integration",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "smrt_integration.admin_site.MenuAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_celery_beat",
    "django_structlog",
    "axes",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "customers",
    "events",
]
if DEBUG:
    INSTALLED_APPS += ["devtools", "django_migration_linter"]

MIDDLEWARE = [
    "smrt_integration.health.probes.Probes",
    "smrt_integration.csp.ContentSecurityPolicy",
    "smrt_integration.https_only.HttpsOnly",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "smrt_integration.request_log.RequestLog",
    "smrt_integration.body_limit.BodyLimit",
    "axes.middleware.AxesMiddleware",
    "smrt_integration.known_browsers.KnownBrowsers",
    "smrt_integration.unavailable.Unavailable",
    "smrt_integration.admin.user_turns.UserTurns",
    "smrt_integration.storable_queries.StorableQueries",
    "customers.request_clock.RequestClock",
]
ROOT_URLCONF = "smrt_integration.urls"
WSGI_APPLICATION = "smrt_integration.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
vars().update(lockout.AXES_SETTINGS)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# After a login whose page was not asked for by another one.
LOGIN_REDIRECT_URL = "admin:index"
UNFOLD = theme.UNFOLD
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / ".static"
# In development, files are served from their source folders, without `collectstatic`.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG

# A working day: the browser at a counter stays open, and by the evening somebody else uses it.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True

if not DEBUG:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = PUBLIC_URL.startswith("https://")
    SECURE_HSTS_SECONDS = 3600 * 24 * 30 if SECURE_SSL_REDIRECT else 0
    # Whether HSTS covers sub-domains and browsers' preload lists is for the installation to decide.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT

# Calls per minute and key: several times what a busy business makes, and few enough that a program
# that runs wild leaves room for others.
API_CALLS_PER_MINUTE = environment.number("API_CALLS_PER_MINUTE", 1_200, 1, 1_000_000)
# Of forms, which have a few fields. The API takes more: MAX_BODY_BYTES in api/parsers.py.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["smrt_integration.api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["smrt_integration.api.authentication.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": [
        "smrt_integration.api.throttles.KeyThrottle",
        "smrt_integration.api.throttles.TurnThrottle",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["smrt_integration.api.parsers.BoundedJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "smrt_integration.api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "smrt_integration.api.errors.api_exception_handler",
    "UNAUTHENTICATED_USER": None,
    # `format` in a query is a name like any other.
    "URL_FORMAT_OVERRIDE": None,
    # As WHOLE in api/error_body.py: no field of a body has this name.
    "NON_FIELD_ERRORS_KEY": "\0",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "SMRT",
    "VERSION": "1",
    "DESCRIPTION": DESCRIPTION,
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "smrt_integration.api.schema.add_common_responses",
    ],
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "CustomerKind": "customers.models.Customer.Kind",
        "AgentKind": "customers.models.Agent.Kind",
        "MessageOutcome": "events.models.Outcome",
    },
}

# Celery. tests/delivery/ and tests/e2e/ go through the failures that these values are for.
CELERY_WORKER_CONSUMER = "smrt_integration.broker:LastingConsumer"
# A Redis that is a replica or out of memory for a while is one that comes back.
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_EAGER_RESULT = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 150
# Only a retry replaces a connection that RabbitMQ closed. One is enough: beat keeps what it cannot
# publish, and wake-ups are published without it, because no save may wait.
CELERY_TASK_PUBLISH_RETRY = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 10_000
# It concerns tasks that are acknowledged late, and ours are not. False would log a warning.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_ENABLE_PREFETCH_COUNT_REDUCTION = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_POOL_LIMIT = 4
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        # See smrt_integration.broker.
        "ack_emulation": False,
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
        "health_check_interval": 10,
    }
    if CELERY_BROKER_URL.startswith("redis")
    else {}
)
# Celery would open a database connection per task. Instead, `smrt_integration.celery` checks that
# the connection is alive.
CELERY_DB_REUSE_MAX = 1_000
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "smrt_integration.scheduler:ReconnectingScheduler"
# Beat never sleeps longer, so a schedule that was edited in the admin applies within seconds.
CELERY_BEAT_MAX_LOOP_INTERVAL = 2

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Files with names and email addresses of customers. No address leads to them, and no other
    # account of the machine may read them.
    "exports": environment.private_files("EXPORTS_FOLDER", BASE_DIR / ".exports"),
    "imports": environment.private_files("IMPORTS_FOLDER", BASE_DIR / ".imports"),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
