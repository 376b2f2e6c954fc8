"""The start refuses what is unsafe."""

import json
import os
import subprocess
import sys

import pytest

SAFE = {
    "BOZHOU_STAGE": "production",
    "SECRET_KEY": "x7" * 24,
    "FIELD_KEYS": "k1:" + "A" * 43,
    "ALLOWED_HOSTS": "eco.example.cn",
    "DATABASE_URL": "postgres://u@127.0.0.1/x",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "DJANGO_SETTINGS_MODULE": "bozhou_eco.settings",
}
LOAD = "from django.conf import settings; print(settings.TIME_ZONE, settings.USE_TZ)"


def load(script: str = LOAD, **changes: str | None) -> subprocess.CompletedProcess[str]:
    wanted = {**SAFE, **changes}
    environment = {"PATH": os.environ["PATH"]}
    environment |= {name: value for name, value in wanted.items() if value is not None}
    return subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_works():
    done = load()
    assert (done.returncode, done.stdout) == (0, "Asia/Shanghai True\n"), done.stderr


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is missing, shorter"),
        ({"SECRET_KEY": "django-insecure-" + "a" * 40}, "well-known default"),
        ({"FIELD_KEYS": None}, "FIELD_KEYS is missing"),
        ({"FIELD_KEYS": "k1:short"}, "entry 1 of FIELD_KEYS must be"),
        ({"DEBUG": "1"}, "DEBUG must be off"),
        ({"DEBUG": "1", "BOZHOU_STAGE": "demo"}, "DEBUG must be off"),
        ({"TIME_ZONE": "UTC"}, "TIME_ZONE must be Asia/Shanghai"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS is missing"),
        ({"BOZHOU_STAGE": "staging"}, "BOZHOU_STAGE must be one of"),
        ({"DATABASE_URL": "sqlite:///x.db"}, "must name a PostgreSQL database"),
        ({"DATABASE_URL": None}, "DATABASE_URL"),
        ({"REDIS_URL": None}, "REDIS_URL"),
        ({"EVIDENCE_URL": "http://x/y"}, "EVIDENCE_URL must start"),
        ({"TSA_URL": "http://tsa/"}, "TSA_URL needs TSA_ROOTS_FILE"),
        ({"REAUTHENTICATE_SECONDS": "0"}, "REAUTHENTICATE_SECONDS must be"),
    ],
)
def test_refuses(changes, reason):
    done = load(**changes)
    assert done.returncode != 0
    assert reason in done.stderr


STRICT = """
import json
import django
from django.conf import settings as s
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
django.setup()
def refused(word):
    try:
        validate_password(word)
    except ValidationError:
        return True
    return False
print(json.dumps({
    "cookies": [s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY],
    "same_site": s.SESSION_COOKIE_SAMESITE,
    "https": [s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS >= 31536000],
    "hasher": s.PASSWORD_HASHERS[0].rsplit(".", 1)[1],
    "mfa": s.MFA_REQUIRED,
    "reauthenticate": s.REAUTHENTICATE_SECONDS,
    "weak": [refused("elevenchars"), refused("qwertyuiop123"), refused("1" * 20)],
    "good": refused("three brown yaks"),
    "outbound": s.OUTBOUND_NETWORKS,
}))
"""


def test_production_is_strict_without_being_asked():
    done = load(STRICT)
    assert json.loads(done.stdout) == {
        "cookies": [True, True, True],
        "same_site": "Lax",
        "https": [True, True],
        "hasher": "Argon2PasswordHasher",
        "mfa": True,
        "reauthenticate": 1800,
        "weak": [True, True, True],
        "good": False,
        "outbound": [],
    }, done.stderr
