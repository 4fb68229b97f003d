"""Django's settings. What an operator sets is in `web/config.py`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import dj_database_url

from shared.clinic import clinic
from shared.logs import formatter_name
from web.config import ROOT, config
from web.logs import is_no_readiness_check

_config = config()

DEBUG = False
SECRET_KEY = _config.secret_key.get_secret_value()
ALLOWED_HOSTS = _config.allowed_hosts or ["localhost", "127.0.0.1", "[::1]", "testserver"]
ROOT_URLCONF = "web.urls"
ASGI_APPLICATION = "web.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "web.privacy",
    "web.conversations",
    "web.channels",
    "web.contact",
    "web.content",
    "web.notifications",
    "web.review",
    "web.learning",
    "web.console",
    "web.demo",
    "web.overview",
    "web.operations",
]

MIDDLEWARE = [
    "web.middleware.Observed",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "web.middleware.ContentSecurityPolicy",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "web.console.navigation.console",
            ]
        },
    }
]

DATABASES = {"default": dj_database_url.parse(_config.database_url)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        # A write takes its lock at the start, so that it waits its turn instead of failing in the middle.
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,
        # What is deleted is overwritten: an erased visitor must not be found in the file.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
    }
else:
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 10, "timeout": 5}}

if _config.redis_url:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _config.redis_url}}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

STATIC_URL = "static/"
STATICFILES_DIRS = [ROOT / "web" / "static"]
# Served from where they lie; nothing has to be collected first.
WHITENOISE_USE_FINDERS = True

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    # Passwords of accounts made before; each is hashed anew at the next login.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# Five wrong passwords for one name from one address, and it is a quarter of an hour's wait. Others can still log in.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "web.limits.visitor_address"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
# Its middleware only draws a page for those locked out; the login's own says it.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]
OTP_TOTP_ISSUER = f"{clinic().name or 'Assistant'} console"
# A link on which someone sets a password is good for a day.
PASSWORD_RESET_TIMEOUT = 24 * 3600
LOGIN_URL = "console:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# The largest message is 10,000 characters; four bytes each, escaped, and the JSON around it fit.
DATA_UPLOAD_MAX_MEMORY_SIZE = 128 * 1024

SECURE_CONTENT_TYPE_NOSNIFF = True
# Nothing about a page goes to other sites. "no-referrer" would also blank the Origin of the site's own forms, and
# Django's CSRF check needs that.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
# How long a login lasts; one in which nothing is done ends earlier: web/console/sessions.py.
SESSION_COOKIE_AGE = round(_config.staff_session_hours * 3600)
CSRF_TRUSTED_ORIGINS = [_config.public_url]
CSRF_FAILURE_VIEW = "web.pages.form_expired"
if _config.is_production:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    # Browsers take a cookie of this name from this very host alone, and only over HTTPS.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _config.trusted_proxies else None

CORS_ALLOWED_ORIGINS = _config.widget_origins
CORS_URLS_REGEX = r"^/api/chat/.*$"
CORS_ALLOW_HEADERS = ("authorization", "content-type")
CORS_ALLOW_METHODS = ("GET", "POST", "DELETE", "OPTIONS")

# Without a mail server, mail is written to the worker's standard output.
_mailer = "smtp" if _config.email_host else "console"
EMAIL_BACKEND = f"django.core.mail.backends.{_mailer}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = _config.email_host, _config.email_port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _config.email_user, _config.email_password.get_secret_value()
EMAIL_USE_TLS, EMAIL_USE_SSL = _config.email_security == "starttls", _config.email_security == "tls"
EMAIL_TIMEOUT = 10

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": formatter_name(production=_config.is_production)}},
    "filters": {
        "no_readiness_checks": {"()": "django.utils.log.CallbackFilter", "callback": is_no_readiness_check},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "web": {"level": "INFO"},
        # A line for each request is for a log collector.
        "web.requests": {"level": "INFO" if _config.is_production else "WARNING"},
        # Wrong addresses and forms that expired are the visitor's to correct.
        "django.request": {"level": "ERROR", "filters": ["no_readiness_checks"]},
        "django.security.csrf": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        # Its lines name people and addresses; what was refused stands in its table.
        "axes": {"level": "CRITICAL"},
        # Its lines quote what is sent.
        "pywa": {"level": "CRITICAL"},
        "pywa_async": {"level": "CRITICAL"},
    },
}
