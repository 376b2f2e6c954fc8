"""More than one host: two intakes that share the work, two webs behind nginx; one dies."""

import os
import shutil
import subprocess
import textwrap
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from bench.faultlab import forget_session
from bench.fleet import Fleet
from bozhou_eco.embedded.children import free_port, listens

GROUP = "intake"
MEMBERS = ("ingest-a", "ingest-b")


def test_two_intakes_share_the_work_and_one_is_killed(lab) -> None:
    """What lay in the dead member's queue is taken by ``--adopt``; nothing comes twice."""
    for name in MEMBERS:
        lab.start_intake(name, "--share", GROUP)
    fleet = Fleet(
        lab.bed.variables["MQTT_URL"],
        loggers=lab.loggers,
        backlog=3_000 // lab.loggers,
        over=3,
        patience_s=3.0,
        rate=300,
    )
    ends: list[int] = []

    def kill_and_adopt() -> None:
        lab.wait_progress(fleet, 500)
        lab.kill_intake(MEMBERS[0])
        lab.wait_progress(fleet, 500)  # the other one goes on
        heir = lab.bed.spawn_command(
            "ingest_mqtt", "--adopt", MEMBERS[0], "--share", GROUP
        )
        ends.append(heir.wait(90))

    lab.during(fleet, [kill_and_adopt], live_s=8, give_up_s=150)
    verdict = lab.judge(fleet, 3_000)
    lab.stop_intakes()
    for name in MEMBERS:
        forget_session(lab.bed.variables["MQTT_URL"], name)
    assert ends == [0]
    assert verdict.clean, verdict


CONF = """
daemon off; pid {here}/nginx.pid; error_log {here}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {here}/body; proxy_temp_path {here}/proxy;
  fastcgi_temp_path {here}/f; uwsgi_temp_path {here}/u; scgi_temp_path {here}/s;
  upstream web {{ {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://web;
      proxy_set_header Host localhost;
      proxy_connect_timeout 2s;
      proxy_next_upstream error timeout http_503;
    }}
  }}
}}
"""


@pytest.mark.slow
def test_two_webs_behind_nginx_and_one_is_killed(lab, tmp_path: Path) -> None:
    """A GET that hits the dead host is tried on the other one: nobody sees an error."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert nginx, "apt-get install nginx-light"
    ports = [free_port(), free_port()]
    webs = [
        lab.bed.spawn(
            "-m", "uvicorn", "bozhou_eco.asgi:application", "--host", "127.0.0.1",
            "--port", str(port), "--lifespan", "off", "--log-level", "warning",
            log=f"web-{port}",
        )
        for port in ports
    ]  # fmt: skip
    front = free_port()
    servers = " ".join(
        f"server 127.0.0.1:{port} max_fails=1 fail_timeout=5s;" for port in ports
    )
    conf = tmp_path / "nginx.conf"
    conf.write_text(
        textwrap.dedent(CONF).format(here=tmp_path, servers=servers, port=front)
    )
    tmp_path.chmod(0o755)
    proxy = subprocess.Popen([nginx, "-p", str(tmp_path), "-c", str(conf)])
    seen: Counter[int] = Counter()
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{front}/accounts/login/", timeout=10
                ) as answer:
                    seen[answer.status] += 1
            except OSError as error:
                seen[getattr(error, "code", 0)] += 1

    try:
        deadline = time.monotonic() + 60
        while not all(listens(port) for port in (*ports, front)):
            assert time.monotonic() < deadline, "the hosts did not come up"
            time.sleep(0.1)
        askers = [threading.Thread(target=ask) for _ in range(4)]
        for one in askers:
            one.start()
        time.sleep(4)
        before = seen[200]
        webs[0].kill()
        time.sleep(6)
        stop.set()
        for one in askers:
            one.join()
    finally:
        stop.set()
        proxy.terminate()
        proxy.wait(10)
    assert before > 20
    assert seen[200] > before + 20
    assert set(seen) == {200}, seen
