"""Per-second curves as an honest bench would record them, with the results they give."""

from vehicles.domain.codes import Method
from vehicles.domain.inspection.process import Curve
from vehicles.domain.inspection.results import Results
from vehicles.simulation.curves.base import Engine
from vehicles.simulation.curves.diesel import free_acceleration, lugdown
from vehicles.simulation.curves.petrol import asm, cycle, double_idle


def make_curve(method: Method, engine: Engine) -> tuple[Curve, Results]:
    """Return the curve and results of one test of ``engine`` by ``method``."""
    if method is Method.DOUBLE_IDLE:
        return double_idle(engine)
    if method is Method.ASM:
        return asm(engine)
    if method is Method.LUGDOWN:
        return lugdown(engine)
    if method is Method.FREE_ACCELERATION:
        return free_acceleration(engine)
    if method in (Method.VMAS, Method.TRANSIENT):
        return cycle(engine, method)
    return Curve(), Results(ringelmann_level=0.0, visible_smoke=False)
