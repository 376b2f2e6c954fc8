"""The start refuses what is unsafe."""

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


def load(**changes: str | None) -> subprocess.CompletedProcess[str]:
    wanted = {**SAFE, **changes}
    environment = {"PATH": os.environ["PATH"]}
    environment |= {name: value for name, value in wanted.items() if value is not None}
    return subprocess.run(
        [sys.executable, "-c", LOAD],
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
    ],
)
def test_refuses(changes, reason):
    done = load(**changes)
    assert done.returncode != 0
    assert reason in done.stderr
