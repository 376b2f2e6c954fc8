"""``manage.py send_frame MN CODE=VALUE…``: one frame as a logger would send it."""

import time
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.common import clock
from polluters.clients import publish_up
from polluters.domain.hj212 import Item, encode_frame
from polluters.models import Logger, Point, QuarantinedFrame, RawFrame

PAUSE_S = 0.1


def item_of(text: str) -> Item:
    """Read ``a21026=84.5``; raises CommandError that says how to write it."""
    code, _, value = text.partition("=")
    try:
        float(value)
    except ValueError:
        raise CommandError(f"{text}：应形如 a21026=84.5") from None
    return Item(code.strip(), {"Rtd": value.strip()}, flag="N")


class Command(BaseCommand):
    """Sends a real-time frame (CN 2011) to the broker and says what became of it."""

    help = "以已登记数采仪的身份发送一帧实时数据（CN=2011），并报告入库或隔离的结果。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the logger and its values."""
        parser.add_argument("mn", help="数采仪 MN")
        parser.add_argument("values", nargs="+", help="因子编码=数值，如 a21026=84.5")
        parser.add_argument("--wait", type=float, default=15, help="最多等待秒数")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, then wait until the frame is stored or set aside."""
        items = [item_of(text) for text in options["values"]]
        logger = (
            Logger.objects.select_related("outlet__enterprise")
            .filter(mn=options["mn"])
            .first()
        )
        if logger is None:
            raise CommandError(
                f"MN {options['mn']} 未登记：请先在后台配置 › 数采仪登记"
            )
        at = clock.now().replace(microsecond=0)
        frame = encode_frame(
            st=logger.outlet.system_type,
            cn="2011",
            mn=logger.mn,
            pw=logger.password,
            qn=at,
            version=logger.version,
            params={"DataTime": at},
            items=items,
        )
        self.stdout.write(frame.decode().strip())
        if not publish_up(logger.mn, frame):
            raise CommandError("消息服务没有收下报文：请运行 manage.py doctor")
        self.stdout.write(self._fate(logger, at, frame, options["wait"]))

    def _fate(self, logger: Logger, at: datetime, frame: bytes, wait: float) -> str:
        """Return what became of the frame; raises when nothing did in time."""
        until = time.monotonic() + wait
        while time.monotonic() < until:
            if RawFrame.objects.filter(logger=logger, device_time=at).exists():
                return self._stored(logger)
            row = QuarantinedFrame.objects.filter(
                topic_mn=logger.mn, last_at__gte=at
            ).first()
            if row is not None:
                raise CommandError(
                    f"已隔离：{row.get_reason_display()} {row.detail}（见隔离报文页）"
                )
            time.sleep(PAUSE_S)
        raise CommandError("报文未入库：接入进程没有运行？请运行 manage.py doctor")

    def _stored(self, logger: Logger) -> str:
        outlet = logger.outlet
        if not Point.objects.filter(logger=logger).exists():
            return "已入库，但数采仪还没有点位：请在后台配置 › 点位登记因子"
        return (
            f"已入库：{outlet.enterprise} {outlet.code} /polluters/outlets/{outlet.pk}/"
        )
