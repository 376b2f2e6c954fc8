"""The site with its clock turned back by ``BENCH_CLOCK_BACK`` seconds.

A data set that was made some days ago is as fresh to it as on the day it was made.
"""

import os
from datetime import timedelta

from bozhou_eco.common import clock

BACK = timedelta(seconds=float(os.environ.get("BENCH_CLOCK_BACK", "0")))
true_now = clock.now
clock.now = lambda: true_now() - BACK

from bozhou_eco.asgi import application  # noqa: E402  (only after the clock is turned)

__all__ = ["application"]
