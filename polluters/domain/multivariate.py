"""Hours in which several factors together are unlike anything before, and why.

Robust Mahalanobis distance (minimum covariance determinant): the usual relation of
flow, oxygen, temperature and concentrations is learned from the plant's own hours. The
factors that drive a distance are those without which it would be smallest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import MinCovDet

from polluters.domain.checks.numeric import robust_sd

Floats = NDArray[np.float64]
LEAST_HOURS = 100
SEED = 633


@dataclass(frozen=True, slots=True)
class Oddity:
    """An unusual hour: its distance over the bar, and what drives it, most first.

    ``drivers`` are (code, share of the distance, value, usual value).
    """

    index: int
    score: float
    drivers: tuple[tuple[str, float, float, float], ...]


def chi_square(odds: float, factors: int) -> float:
    """Return the upper chi-square quantile (Wilson and Hilferty's approximation)."""
    shift = 2 / (9 * factors)
    normal = NormalDist().inv_cdf(1 - odds)
    return float(factors * (1 - shift + normal * shift**0.5) ** 3)


def find_odd(
    codes: Sequence[str], rows: Floats, *, odds: float = 1e-6, most: int = 3
) -> list[Oddity]:
    """Return the rows (hours × factors, all valid) that fit no usual state.

    A row must exceed both the chi-square bar of ``odds`` and, since no plant is
    normal, three times the 99th percentile of its own record. Empty with fewer than
    100 rows or fewer than two factors that vary.
    """
    vary = [i for i in range(rows.shape[1]) if robust_sd(rows[:, i]) > 0]
    if len(rows) < max(LEAST_HOURS, 10 * len(vary)) or len(vary) < 2:
        return []
    names = [codes[i] for i in vary]
    middle = np.median(rows[:, vary], axis=0)
    scale = np.array([robust_sd(rows[:, i]) for i in vary])
    scaled = (rows[:, vary] - middle) / scale
    model = MinCovDet(random_state=SEED).fit(scaled)
    distance = model.mahalanobis(scaled)
    bar = max(chi_square(odds, len(vary)), 3.0 * float(np.percentile(distance, 99)))
    precision = model.get_precision()
    found = []
    for index in np.flatnonzero(distance > bar).tolist():
        away = scaled[index] - model.location_
        # What the distance loses without the factor: (P d)_i^2 / P_ii.
        pull = (precision @ away) ** 2 / np.diag(precision)
        order = np.argsort(-pull)[:most].tolist()
        drivers = tuple(
            (
                names[i],
                float(pull[i] / pull.sum()),
                float(rows[index, vary[i]]),
                float(middle[i]),
            )
            for i in order
        )
        found.append(Oddity(index, float(distance[index]) / bar, drivers))
    return found
