"""Everything that deploy/ and the compose file name must exist in this checkout."""

import json
import re
import shlex
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from django.core.management import get_commands, load_command_class

from bozhou_eco.celery import QUEUES
from bozhou_eco.common import clock
from bozhou_eco.embedded import processes
from bozhou_eco.overview import telemetry

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SETTINGS = (ROOT / "bozhou_eco" / "settings.py").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
OF_IMAGES = {
    "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "REDISCLI_AUTH",
}  # fmt: skip
# Read by uvicorn or by parts that look the environment up themselves.
KNOWN = set(re.findall(r'(?:env\.\w+|secret)\(\s*"([A-Z0-9_]+)"', SETTINGS))


def management_command_parses(arguments):
    """Hand the arguments to the command's own parser: unknown options fail."""
    name, *rest = arguments
    command = load_command_class(get_commands()[name], name)
    command.create_parser("manage.py", name).parse_args(rest)


def celery_call_is_known(call):
    assert call[1:3] == ["-A", "bozhou_eco"]
    assert call[3] in ("worker", "beat", "inspect")
    if "-Q" in call:
        asked = set(call[call.index("-Q") + 1].split(","))
        assert asked <= set(QUEUES)
        return asked
    return set()


def call_exists(call):
    """Check one command line; return the queues it serves."""
    program, *rest = call
    if Path(program).name == "celery":
        return celery_call_is_known(call)
    if Path(program).name == "uvicorn":
        module, _, name = rest[0].partition(":")
        assert f"{name} = " in (ROOT / f"{module.replace('.', '/')}.py").read_text()
        return set()
    assert Path(program).name == "python", call
    if rest[0] == "manage.py":
        management_command_parses(rest[1:])
    else:
        assert rest[0] == "-c"
        compile(rest[1], "healthcheck", "exec")
    return set()


def own_services():
    return {
        name: service
        for name, service in COMPOSE["services"].items()
        if "build" in service
    }


def test_compose_has_every_process():
    assert set(COMPOSE["services"]) >= {
        "db", "valkey", "mosquitto", "web", "ingest", "gateway", "worker", "beat",
        "vision", "cameras", "migrate",
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(own_services()))
def test_own_commands_exist(name):
    service = own_services()[name]
    if "command" in service:
        call_exists(service["command"])
    target = service["build"]["target"]
    assert f" AS {target}\n" in DOCKERFILE


def test_all_queues_are_served():
    served = set()
    for service in own_services().values():
        served |= call_exists(
            service.get("command", ["celery", "-A", "bozhou_eco", "beat"])
        )
    assert served == set(QUEUES)


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_health_is_checked(name):
    if name == "migrate":  # it ends; the others wait for its success
        assert COMPOSE["services"]["web"]["depends_on"]["migrate"] == {
            "condition": "service_completed_successfully"
        }
        return
    test = COMPOSE["services"][name]["healthcheck"]["test"]
    if name in own_services():
        kind, *call = test
        call_exists(shlex.split(call[0]) if kind == "CMD-SHELL" else call)
    else:
        assert test[0] == "CMD"


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_variables_are_read_by_somebody(name):
    variables = set(COMPOSE["services"][name].get("environment", {}))
    assert variables <= (KNOWN if name in own_services() else OF_IMAGES)


def test_secrets_have_no_default_and_are_documented():
    asked = re.findall(
        r"\$\{(\w+)(:[?-])?([^}]*)\}", (ROOT / "docker-compose.yml").read_text()
    )
    assert {name for name, _, _ in asked} >= {"SECRET_KEY", "POSTGRES_PASSWORD"}
    for name, operator, default in asked:
        if re.search(r"SECRET|PASSWORD|HOST", name):
            assert (operator, default) == (":?", ""), name
        assert f"`{name}`" in OPERATIONS, name


def test_own_containers_are_confined():
    for name, service in own_services().items():
        assert service["user"] == "10001:10001", name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
    last_user = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)[-1]
    assert last_user == "10001"


def test_mounted_files_are_in_the_repository():
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./deploy"):
                assert (ROOT / source).exists(), source
            elif not source.startswith("./"):
                assert source in COMPOSE["volumes"], source


def test_dockerfile_copies_what_exists():
    for sources in re.findall(
        r"^COPY (?!--from)(?:--\S+ )?(.+) \S+$", DOCKERFILE, re.M
    ):
        for source in sources.split():
            assert (ROOT / source).exists(), source


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_units_start_what_exists(unit):
    line = re.search(r"^ExecStart=(.+)$", unit.read_text(), re.M)[1]
    call = shlex.split(line.replace("%i", "1").replace("%%", "%"))
    assert call[0].startswith("/opt/bozhou/venv/bin/")
    call_exists(call)


def test_systemd_target_wants_every_unit():
    target = (ROOT / "deploy" / "systemd" / "bozhou.target").read_text()
    wanted = {
        re.sub(r"@.*", "@", name)
        for name in re.findall(r"(bozhou[^=\s]+)\.service", target)
    }
    assert wanted == {path.stem for path in UNITS} - {"bozhou-backup"}


def test_the_demo_runs_the_same_processes(tmp_path):
    names = {name for name, _ in processes.platform(tmp_path, port=1, gateway_port=2)}
    assert names >= {"web", "ingest", "gateway", "worker", "beat", "cameras"}


def metric_names():
    """The series the code can produce: counted somewhere, or sampled by telemetry."""
    names = {f"{telemetry.PREFIX}{name}" for name in telemetry.HELP}
    for app in ("bozhou_eco", "polluters", "vehicles", "alerts", "enforcement"):
        for path in (ROOT / app).rglob("*.py"):
            found = re.findall(
                r'metrics\.(?:count|gauge)\(\s*"(\w+)"', path.read_text()
            )
            names |= {f"{telemetry.PREFIX}{name}" for name in found}
    return names


def test_alert_rules_and_dashboard_use_real_series():
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())
    board = json.loads((ROOT / "deploy/grafana/bozhou.json").read_text())
    expressions = [rule["expr"] for rule in rules["groups"][0]["rules"]]
    expressions += [
        target["expr"] for panel in board["panels"] for target in panel["targets"]
    ]
    used = set(re.findall(r"bozhou_\w+", " ".join(expressions)))
    assert len(used) >= 12
    assert used <= metric_names()


def test_every_alert_says_what_to_do():
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())
    for rule in rules["groups"][0]["rules"]:
        assert set(rule["annotations"]) == {"summary", "action"}, rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning")


def folders_of_the_platform():
    """The settings whose default lies in the checkout, where a server may not write."""
    place = r'"([A-Z0-9_]+)",\s*default=(?:str\(|f"file://\{)BASE_DIR'
    return set(re.findall(place, SETTINGS))


def test_production_keeps_nothing_in_the_checkout():
    folders = folders_of_the_platform()
    assert folders >= {"ANCHOR_DIR", "EVIDENCE_KEY_FILE", "HJ212_GATEWAY_STATE"}
    images = set(re.findall(r"([A-Z_]+)=/app/var/static", DOCKERFILE))
    for name, service in own_services().items():
        assert folders <= set(service["environment"]) | images, name
    example = (ROOT / "deploy/systemd/env.example").read_text()
    given = dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", example, re.M))
    assert set(given) <= KNOWN
    assert folders <= set(given)
    for folder in folders - {"STATIC_ROOT"}:
        assert given[folder].removeprefix("file://").startswith("/var/lib/bozhou/")


def test_network_logs_are_kept_for_six_months():
    site = (ROOT / "deploy/nginx/bozhou.conf").read_text()
    turned = (ROOT / "deploy/logrotate/bozhou").read_text()
    journal = (ROOT / "deploy/systemd/journald-bozhou.conf").read_text()
    folder = re.search(r"access_log (\S+)/\S+\.log", site)[1]
    assert f"\n{folder}/*.log {{" in turned
    assert "daily" in turned
    assert int(re.search(r"rotate (\d+)", turned)[1]) > 183
    assert int(re.search(r"MaxRetentionSec=(\d+)day", journal)[1]) > 183


@pytest.mark.skipif(not NGINX, reason="nginx is not installed")
def test_nginx_takes_the_configuration(tmp_path):
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "eco.example.cn")])
    now = clock.now()
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1)
    lasting = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    certificate = lasting.sign(key, hashes.SHA256())
    (tmp_path / "fullchain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    site = (ROOT / "deploy/nginx/bozhou.conf").read_text()
    site = site.replace("/etc/ssl/bozhou", str(tmp_path))
    site = site.replace("/var/log/bozhou", str(tmp_path))
    site = re.sub(r"listen (\d+)", r"listen unix:\1.sock", site)
    (tmp_path / "site.conf").write_text(site)
    proxy = (ROOT / "deploy/nginx/bozhou_proxy.conf").read_text()
    (tmp_path / "bozhou_proxy.conf").write_text(proxy)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        "http { access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f;"
        " uwsgi_temp_path u; scgi_temp_path s; include site.conf; }\n"
    )
    done = subprocess.run(
        [NGINX, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_nginx_hides_metrics_and_drops_forged_addresses():
    site = (ROOT / "deploy/nginx/bozhou.conf").read_text()
    proxy = (ROOT / "deploy/nginx/bozhou_proxy.conf").read_text()
    assert "location = /metrics { return 404; }" in site
    assert "X-Forwarded-For $remote_addr;" in proxy
    assert site.count("{") == site.count("}")


def test_every_setting_is_documented():
    missing = {name for name in KNOWN if f"`{name}`" not in OPERATIONS}
    assert missing == set()


def test_the_arithmetic_of_growth_adds_up():
    scaling = (ROOT / "docs" / "scaling.md").read_text().replace(",", "")
    points, frames = map(
        int, re.findall(r"(\d+) points/s while .*? is (\d+) frames/s of 12", scaling)[0]
    )
    assert round(points / 12, -2) == frames
    for rated, quotient, intakes in re.findall(
        rf"(\d+)(?: frames/s rated)? ÷ {frames} = ([\d.]+) so (\d+) intakes", scaling
    ):
        assert round(int(rated) / frames, 1) == float(quotient)
        assert float(quotient) <= int(intakes) < float(quotient) + 1
    assert scaling.count(f"÷ {frames} = ") == 2
    rows, million = map(
        int, re.findall(r"= (\d+) rows a day (\d+) M a year", scaling)[0]
    )
    assert (rows, million) == (300 * 1440, round(300 * 1440 * 365 / 1e6))
    bytes_a_row = (1.9e9 + 1.2e9) / 38.9e6
    assert f"about {bytes_a_row * million / 1000:.0f} GB a year" in scaling
