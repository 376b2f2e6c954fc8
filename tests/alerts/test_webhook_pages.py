"""The log of calls to other systems, and sending one again."""

from datetime import timedelta

import pytest
from django.test import Client

from alerts.models import Webhook, WebhookCall
from alerts.services.webhooks import queue_calls, send_calls
from bozhou_eco.common import clock
from tests import factories
from tests.alerts.makers import alert
from tests.alerts.servers import server

pytestmark = pytest.mark.django_db


def test_log_detail_replay_and_scope() -> None:
    with server() as remote:
        hook = Webhook.objects.create(
            name="省厅平台", url=remote.url, secret="s" * 16, enabled=True
        )
        row = alert(
            subject_name="虚构 <b>厂</b>",
            district=factories.district(),
            now=clock.now(),
        )
        now = clock.now() + timedelta(seconds=30)
        queue_calls(now=now)
        send_calls(now=now)
        call = WebhookCall.objects.get()
        assert (call.state, len(remote.seen)) == ("done", 1)
        client = Client()
        client.force_login(factories.user("officer"))
        page = client.get(f"/alerts/webhooks/?webhook={hook.pk}&state=done")
        assert "虚构 &lt;b&gt;厂" in page.content.decode()
        none = client.get("/alerts/webhooks/?state=failed").content.decode()
        assert "虚构 &lt;b" not in none
        shown = client.get(f"/alerts/webhooks/{call.pk}/").content.decode()
        assert f"&quot;id&quot;: {row.pk}" in shown
        answer = client.post(f"/alerts/webhooks/{call.pk}/replay/")
        again = WebhookCall.objects.exclude(pk=call.pk).get()
        assert answer.headers["Location"] == f"/alerts/webhooks/{again.pk}/"
        send_calls(now=now + timedelta(seconds=60))
        first, second = remote.seen
        assert first.body == second.body
        name = "X-Bozhou-Delivery"
        assert first.headers[name] == second.headers[name] == str(call.pk)
    elsewhere = factories.department(factories.district("652723", "温泉县"))
    other = Client()
    other.force_login(factories.user("officer", organisation=elsewhere))
    assert other.get(f"/alerts/webhooks/{call.pk}/").status_code == 404
    assert other.post(f"/alerts/webhooks/{call.pk}/replay/").status_code == 404
    assert "虚构 &lt;b" not in other.get("/alerts/webhooks/").content.decode()
    reader = Client()
    reader.force_login(factories.user("legal"))
    assert reader.post(f"/alerts/webhooks/{call.pk}/replay/").status_code == 403
