"""企业微信, DingTalk, Feishu, ntfy, Bark, e-mail and the rest of what apprise speaks.

The channel's secret holds ``url``, an apprise URL in which ``{address}`` is replaced by
the recipient's quoted address.
"""

import logging
import re
from urllib.parse import quote

from apprise import Apprise, LogCapture

from alerts.clients.base import (
    CONNECT_S,
    READ_S,
    Outcome,
    Parcel,
    failed,
    misconfigured,
)
from alerts.domain.backoff import Failure
from bozhou_eco.common.outbound import OutboundRefusedError, check_host

STATUS = re.compile(r"error=(\d{3})")


def _check_hosts(carrier: Apprise) -> None:
    """Refuse a service whose host the URL names and that lies in a forbidden place."""
    for service in carrier:
        for name in ("smtp_host", "host"):
            host = getattr(service, name, None)
            if isinstance(host, str) and host:
                check_host(host, unknown=True)


def send(parcel: Parcel) -> Outcome:
    """Send a parcel by its apprise URL.

    Apprise answers only yes or no; the status is read from what it logs.
    """
    template = str(parcel.secret.get("url", ""))
    if not template:
        return misconfigured("url")
    url = template.replace("{address}", quote(parcel.address, safe=""))
    joint = "&" if "?" in url else "?"
    url = f"{url}{joint}cto={CONNECT_S:g}&rto={READ_S:g}"
    carrier = Apprise()
    if not carrier.add(url):
        return misconfigured("url 不是 apprise 能识别的地址")
    try:
        _check_hosts(carrier)
    except OutboundRefusedError as error:
        return misconfigured(str(error))
    with LogCapture(level=logging.WARNING) as log:
        done = carrier.notify(title=parcel.title, body=parcel.body)
        said = log.getvalue()
    if done:
        return Outcome()
    match = STATUS.search(said)
    if match:
        return failed(int(match[1]), "")
    return Outcome(Failure.PASSING, "渠道没有接受消息")
