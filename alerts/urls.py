"""Pages of 预警中心."""

from django.urls import path

from alerts.views import notices, people, quality, triage, webhooks

app_name = "alerts"
urlpatterns = [
    path("", triage.alert_list, name="list"),
    path("rows/", triage.rows, name="rows"),
    path("n/<str:token>/", notices.notice, name="notice"),
    path("subscriptions/", people.subscriptions, name="subscriptions"),
    path("channels/<slug:code>/test/", people.test_channel, name="test_channel"),
    path("views/", people.save_view, name="save_view"),
    path("views/<int:pk>/delete/", people.delete_view, name="delete_view"),
    path("duty/", people.duty, name="duty"),
    path("duty/<int:pk>/note/", people.add_note, name="add_note"),
    path("duty/swap/", people.ask_swap, name="ask_swap"),
    path("duty/swap/<int:pk>/", people.decide_swap, name="decide_swap"),
    path("rules/", quality.rule_list, name="rules"),
    path("rules/import/", quality.import_rules, name="import_rules"),
    path("rules/export/", quality.export_rules, name="export_rules"),
    path("rules/<int:pk>/", quality.rule_page, name="rule"),
    path("rules/<int:pk>/backtest/", quality.backtest, name="backtest"),
    path("rules/<int:pk>/<slug:act>/", quality.move_rule, name="move_rule"),
    path("chain/", quality.chain, name="chain"),
    path("webhooks/", webhooks.calls, name="webhooks"),
    path("webhooks/<int:pk>/", webhooks.call, name="webhook_call"),
    path("webhooks/<int:pk>/replay/", webhooks.replay, name="webhook_replay"),
    path("<int:pk>/", triage.detail, name="detail"),
    path("<int:pk>/card/", triage.card, name="card"),
    path("<int:pk>/reply/", people.reply, name="reply"),
]
