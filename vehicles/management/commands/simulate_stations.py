"""``manage.py simulate_stations``: invented stations test vehicles, honestly or not."""

import json
import random
import signal
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.common import clock
from vehicles.domain.inspection.read import as_json
from vehicles.models import Station, StationCredential
from vehicles.services.credentials import issue_credential, revoke_credential
from vehicles.simulation.client import RefusedError, StationClient, UnreachableError
from vehicles.simulation.frauds import Planted, plant
from vehicles.simulation.places import PLACES
from vehicles.simulation.stations import LIVE, Player, live_world, register
from vehicles.simulation.traffic import honest_days, make_world

FRAUDS = "substitute,copied_curve,low_co2,fast_retest,cal_overdue,power_faked"
NOTE = "模拟检测站"


class Command(BaseCommand):
    """Play stations through the public interface until SIGTERM."""

    help = (
        "模拟检测站：只用公开接口登记设备、上传检查与检验，并植入已知的弄虚作假。"
        "没有 --keys 时在演示环境签发一次性密钥。"
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take stations, rate, frauds and the way to the platform."""
        parser.add_argument("--stations", type=int, default=len(PLACES))
        parser.add_argument("--tests-per-day", type=int, default=300)
        parser.add_argument(
            "--fraud",
            default="",
            help=f"逗号分隔；可用：{','.join(LIVE)}；例：{FRAUDS}",
        )
        parser.add_argument(
            "--fraud-share", type=float, default=0.015, help="每种占检验数的比例"
        )
        parser.add_argument("--url", default="http://127.0.0.1:8000")
        parser.add_argument("--keys", help="JSON 文件：机构编号到密钥")
        parser.add_argument("--seed", type=int, default=0, help="0：每次不同")
        parser.add_argument(
            "--hours-back", type=float, default=0, help="先补传多少小时的检验"
        )
        parser.add_argument(
            "--for", dest="seconds", type=float, default=0, help="运行秒数，0 为不限"
        )
        parser.add_argument("--no-photos", action="store_true")
        parser.add_argument(
            "--write", help="不联网：把检验写成 JSON 行（check_tests 的输入）"
        )
        parser.add_argument("--truth", help="与 --write 同用：写出植入的报告与规则")
        parser.add_argument("--days", type=int, default=3, help="与 --write 同用")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write a file, or play until told to stop."""
        frauds = tuple(name for name in options["fraud"].split(",") if name)
        unknown = set(frauds) - set(LIVE)
        if unknown:
            raise CommandError(f"--fraud：没有 {'、'.join(sorted(unknown))}")
        if not 1 <= options["stations"] <= len(PLACES):
            raise CommandError(f"--stations 应为 1～{len(PLACES)}")
        if options["tests_per_day"] < 1:
            raise CommandError("--tests-per-day 应为正整数")
        if options["write"]:
            self._write(frauds, options)
            return
        self._play(frauds, options)

    def _write(self, frauds: tuple[str, ...], options: dict[str, Any]) -> None:
        seed = options["seed"] or 1
        day = clock.beijing(clock.now()).date() - timedelta(days=options["days"])
        world = make_world(seed=seed, first_day=day, vehicles=FLEET)
        world.stations = world.stations[: options["stations"]]
        tests = list(
            honest_days(world, days=options["days"], per_day=options["tests_per_day"])
        )
        each = max(1, round(len(tests) * options["fraud_share"]))
        planted = Planted(tests, set())
        if frauds:
            planted = plant(tests, seed=seed + 1, each=each, kinds=list(frauds))
        with Path(options["write"]).open("w", encoding="utf-8") as out:
            for test in planted.tests:
                out.write(json.dumps(as_json(test), ensure_ascii=False) + "\n")
        if options["truth"]:
            rows = [{"report": a, "rule": b} for a, b in sorted(planted.truth)]
            text = "".join(json.dumps(row) + "\n" for row in rows)
            Path(options["truth"]).write_text(text, encoding="utf-8")
        self.stdout.write(f"{len(planted.tests)} 次检验，植入 {len(planted.truth)} 条")

    def _play(self, frauds: tuple[str, ...], options: dict[str, Any]) -> None:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        now = clock.now()
        seed = options["seed"] or random.SystemRandom().randrange(2**31)
        world = live_world(seed, clock.beijing(now).date(), options["stations"])
        keys, issued = self._keys([s.code for s in world.stations], options["keys"])
        try:

            def pause(seconds: float) -> None:
                stopping.wait(seconds)

            clients = {
                code: StationClient(options["url"], key, pause=pause)
                for code, key in keys.items()
            }
            player = Player(
                world,
                clients,
                clock.now,
                lambda seconds: not stopping.wait(seconds),
                options["tests_per_day"],
                frauds,
                options["fraud_share"],
                not options["no_photos"],
                self.stdout.write,
            )
            self._run(player, options, now, stopping)
        finally:
            for credential in issued:
                revoke_credential(credential=credential, actor=None, now=clock.now())

    def _run(
        self,
        player: Player,
        options: dict[str, Any],
        now: datetime,
        stopping: threading.Event,
    ) -> None:
        while not stopping.is_set():
            try:
                for station in player.world.stations:
                    register(player.clients[station.code], station, now)
                player.plan(_begin(now, options["hours_back"]))
                break
            except (RefusedError, UnreachableError) as error:
                self.stdout.write(f"等待平台：{error}")
                stopping.wait(5)
        until = None
        if options["seconds"]:
            until = clock.now() + timedelta(seconds=options["seconds"])
        player.run(until)
        told = "、".join(f"{name} {count}" for name, count in player.counts.items())
        self.stdout.write(f"结束：{told}")

    def _keys(
        self, codes: list[str], file: str | None
    ) -> tuple[dict[str, str], list[StationCredential]]:
        if file:
            try:
                found = json.loads(Path(file).read_text(encoding="utf-8"))
                return {code: str(found[code]) for code in codes}, []
            except (OSError, ValueError, KeyError) as error:
                raise CommandError(f"--keys：{error}") from error
        if settings.PRODUCTION:
            raise CommandError("生产环境须以 --keys 给出密钥")
        keys, issued = {}, []
        for station in Station.objects.filter(code__in=codes, active=True):
            made = issue_credential(
                station=station, actor=None, now=clock.now(), days=2, note=NOTE
            )
            keys[station.code] = made.key
            issued.append(made.credential)
        if len(keys) < len(codes):
            raise CommandError("演示机构不存在，请先运行 seed_demo --only vehicles")
        return keys, issued


FLEET = 20_000


def _begin(now: datetime, hours_back: float) -> datetime:
    """Return where the plan begins: hours back, but not before this day's midnight."""
    midnight = clock.beijing(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(midnight, clock.beijing(now) - timedelta(hours=hours_back))
