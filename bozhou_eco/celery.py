"""Celery application: queues, routes and the beat schedule."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bozhou_eco.settings")

app = Celery("bozhou_eco")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

QUEUES = ("default", "push", "analysis", "vision")

app.conf.task_routes = {
    "alerts.tasks.deliver*": {"queue": "push"},
    "vehicles.vision.*": {"queue": "vision"},
    "*.analyse*": {"queue": "analysis"},
}
app.conf.beat_schedule = {
    "clue-report": {
        "task": "bozhou_eco.overview.tasks.draft_weekly",
        "schedule": crontab(hour="8", minute="0", day_of_week="mon"),
    },
    "frame-canary": {
        "task": "bozhou_eco.overview.tasks.send_frame_canary",
        "schedule": crontab(minute="7"),
    },
    "frame-canary-follow": {
        "task": "bozhou_eco.overview.tasks.follow_frame_canaries",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "alerts-deliver": {
        "task": "alerts.tasks.deliver_due",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    "alerts-sweep": {
        "task": "alerts.tasks.sweep",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "alerts-webhooks": {
        "task": "alerts.tasks.deliver_webhooks",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "alerts-rules": {
        "task": "alerts.tasks.run_rules",
        "schedule": crontab(minute="20"),
    },
    "alerts-canary": {
        "task": "alerts.tasks.run_canary",
        "schedule": crontab(minute="3"),
    },
    "integrity": {
        "task": "bozhou_eco.overview.tasks.verify_integrity",
        "schedule": crontab(hour="1", minute="30"),
    },
    "seal": {"task": "bozhou_eco.audit.tasks.seal", "schedule": 1.0},
    "polluters-partitions": {
        "task": "polluters.tasks.make_partitions",
        "schedule": crontab(hour="3", minute="10"),
    },
    "polluters-close-periods": {
        "task": "polluters.tasks.close_periods",
        "schedule": 60.0,
    },
    "polluters-video": {
        "task": "polluters.tasks.snap_exceedances",
        "schedule": 60.0,
    },
    "polluters-air": {
        "task": "polluters.tasks.compute_air",
        "schedule": crontab(hour="*/3", minute="40"),
    },
    "polluters-offline": {"task": "polluters.tasks.sweep_offline", "schedule": 15.0},
    "polluters-commands": {
        "task": "polluters.tasks.send_commands",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "polluters-analyse": {
        "task": "polluters.tasks.analyse_readings",
        "schedule": crontab(minute="23"),
    },
    "polluters-flags": {
        "task": "polluters.tasks.take_flags",
        "schedule": crontab(minute="16"),
    },
    "polluters-national": {
        "task": "polluters.tasks.take_national",
        "schedule": 300.0,
    },
    "polluters-national-rest": {
        "task": "polluters.tasks.fetch_national",
        "schedule": crontab(minute="40", hour="4-12"),
    },
    "polluters-masses": {
        "task": "polluters.tasks.sum_masses",
        "schedule": crontab(minute="35"),
    },
    "polluters-supervision": {
        "task": "polluters.tasks.analyse_supervision",
        "schedule": crontab(minute="45"),
    },
    "polluters-ahead": {
        "task": "polluters.tasks.analyse_ahead",
        "schedule": crontab(minute="*/15"),
    },
    "polluters-levels": {
        "task": "polluters.tasks.analyse_levels",
        "schedule": crontab(minute="13"),
    },
    "polluters-states": {
        "task": "polluters.tasks.analyse_states",
        "schedule": crontab(hour="4", minute="50"),
    },
    "polluters-merkle": {
        "task": "polluters.tasks.seal_frames",
        "schedule": crontab(minute="7"),
    },
    "enforcement-deadlines": {"task": "enforcement.tasks.sweep", "schedule": 600.0},
    "enforcement-exchange": {"task": "enforcement.tasks.exchange", "schedule": 300.0},
    "vehicles-tests": {"task": "vehicles.tasks.analyse_waiting", "schedule": 60.0},
    "vehicles-smoke": {"task": "vehicles.tasks.mark_smoke", "schedule": 120.0},
    "vehicles-supervise": {
        "task": "vehicles.tasks.supervise",
        "schedule": crontab(hour="3", minute="40"),
    },
    "vehicles-settle": {"task": "vehicles.tasks.settle_reviews", "schedule": 2.0},
    "vehicles-vendor-looks": {
        "task": "vehicles.tasks.sweep_vendor_captures",
        "schedule": 300.0,
    },
    "vehicles-segments": {"task": "vehicles.tasks.sweep_segments", "schedule": 20.0},
    "vehicles-cameras": {
        "task": "vehicles.tasks.find_silent_cameras",
        "schedule": 20.0,
    },
    "vehicles-silent-stations": {
        "task": "vehicles.tasks.find_silent_stations",
        "schedule": 300.0,
    },
    "vehicles-canary": {
        "task": "vehicles.tasks.send_capture_canary",
        "schedule": crontab(minute="11"),
    },
    "vehicles-vision-pulse": {
        "task": "vehicles.vision.tasks.give_pulse",
        "schedule": 60.0,
    },
    "vehicles-watchlist": {
        "task": "vehicles.tasks.recompute_watchlist",
        "schedule": crontab(hour="1", minute="30"),
    },
    "vehicles-fleet": {"task": "vehicles.tasks.sum_fleet", "schedule": 600.0},
    "vehicles-exchange": {
        "task": "vehicles.tasks.run_exchange",
        "schedule": crontab(minute="*/15"),
    },
    "vehicles-house": {
        "task": "vehicles.tasks.keep_house",
        "schedule": crontab(hour="2", minute="40"),
    },
}
