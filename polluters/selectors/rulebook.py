"""The installation's numbers and checks: rows over the defaults of the domain."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from polluters.domain.checks.catalogue import Check, Severity
from polluters.domain.checks.thresholds import Thresholds
from polluters.domain.matters import KNOWN
from polluters.domain.rulebook import NUMBERS, thresholds, validity_rules
from polluters.domain.validity import ValidityRules
from polluters.models import CheckSetting, Enterprise, MarkScope, RuleValue


@dataclass(frozen=True, slots=True)
class Book:
    """What holds here and now; read once for an act."""

    numbers: Mapping[str, float]
    checks: Mapping[str, Check]
    off: frozenset[str]
    quiet: frozenset[str]

    def __getitem__(self, code: str) -> float:
        return self.numbers[code]

    @property
    def validity(self) -> ValidityRules:
        """The rules of valid means."""
        return validity_rules(self.numbers)

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds of the checks."""
        return thresholds(self.numbers)


def number(code: str) -> float:
    """Return one number."""
    row = RuleValue.objects.filter(code=code).values_list("value", flat=True).first()
    return NUMBERS[code].value if row is None else row


def load() -> Book:
    """Return the numbers and the checks with their changes; two queries."""
    numbers = {code: one.value for code, one in NUMBERS.items()}
    numbers |= {
        code: value
        for code, value in RuleValue.objects.values_list("code", "value")
        if code in NUMBERS
    }
    checks = dict(KNOWN)
    off: set[str] = set()
    quiet: set[str] = set()
    for row in CheckSetting.objects.all():
        if row.code not in checks:
            continue
        checks[row.code] = _changed(checks[row.code], row)
        if not row.active:
            off.add(row.code)
        if not row.announce:
            quiet.add(row.code)
    return Book(numbers, checks, frozenset(off), frozenset(quiet))


def _changed(check: Check, row: CheckSetting) -> Check:
    severity = Severity(row.severity) if row.severity else check.severity
    return replace(
        check,
        severity=severity,
        text=row.text or check.text,
        ask=row.ask or check.ask,
    )


def scopes() -> list[tuple[str, date]]:
    """Return the industries whose units must mark, with the day from which."""
    return list(MarkScope.objects.values_list("industry", "valid_from"))


def must_mark(
    enterprise: Enterprise, known: list[tuple[str, date]], *, on: date
) -> bool:
    """Return whether an enterprise is bound by the marking rule on a day."""
    return any(
        industry in enterprise.industry and since <= on for industry, since in known
    )
