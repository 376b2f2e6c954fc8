"""Cases that belong to a case, as far as the reader may see them."""

from dataclasses import dataclass

from bozhou_eco.accounts.models import User
from enforcement.models import Case

HIDDEN = "其他辖区的线索"


@dataclass(frozen=True, slots=True)
class Linked:
    """One related case: its relation, and title and address where it may be read."""

    relation: str
    title: str
    url: str
    note: str = ""


def linked_cases(case: Case, user: User) -> list[Linked]:
    """Return what the case was merged into, what it links to and what links to it.

    A case of another district is told by its number alone.
    """
    found: list[tuple[str, Case, str]] = []
    if case.merged_into is not None:
        found.append(("并入", case.merged_into, ""))
    for link in case.links.select_related("other"):
        found.append((link.get_kind_display(), link.other, link.note))
    for link in case.linked_by.select_related("case"):
        found.append((link.get_kind_display(), link.case, ""))
    if not found:
        return []
    seen = set(
        Case.objects.visible_to(user)
        .filter(pk__in=[other.pk for _, other, _ in found])
        .values_list("pk", flat=True)
    )
    return [
        Linked(relation, str(other), other.get_absolute_url(), note)
        if other.pk in seen
        else Linked(relation, f"{HIDDEN} {other.display_number}", "")
        for relation, other, note in found
    ]
