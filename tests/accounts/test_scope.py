"""Who sees which rows: insider, colleague of another district, outsiders."""

import pytest
from django.contrib.auth.models import AnonymousUser

from bozhou_eco.accounts.models import Organisation, Role, User
from polluters.models import Enterprise, Outlet, Point
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def jinghe() -> Outlet:
    return factories.outlet(factories.enterprise(factories.district()))


@pytest.fixture
def wenquan() -> Outlet:
    return factories.outlet(
        factories.enterprise(factories.district("652723", "温泉县"))
    )


def branch(outlet: Outlet) -> Organisation:
    return factories.department(outlet.enterprise.district)


def seen(user: User) -> set[int]:
    return set(Outlet.objects.visible_to(user).values_list("pk", flat=True))


def test_the_prefecture_sees_every_district(jinghe: Outlet, wenquan: Outlet) -> None:
    officer = factories.user(Role.OFFICER)
    assert seen(officer) == {jinghe.pk, wenquan.pk}
    assert officer.district_ids() is None


def test_a_branch_sees_its_own_district(jinghe: Outlet, wenquan: Outlet) -> None:
    officer = factories.user(Role.OFFICER, organisation=branch(jinghe))
    assert seen(officer) == {jinghe.pk}
    assert officer.district_ids() == {jinghe.enterprise.district_id}


def test_an_enterprise_sees_itself(jinghe: Outlet, wenquan: Outlet) -> None:
    person = factories.user(
        Role.ENTERPRISE, organisation=wenquan.enterprise.organisation
    )
    assert seen(person) == {wenquan.pk}
    assert list(Enterprise.objects.visible_to(person)) == [wenquan.enterprise]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR])
def test_admin_and_auditor_see_no_facts(jinghe: Outlet, role: Role) -> None:
    assert seen(factories.user(role)) == set()


def test_a_superuser_without_role_sees_no_facts(jinghe: Outlet) -> None:
    user = factories.user()
    user.is_superuser = user.is_staff = True
    user.save()
    assert seen(user) == set()


def test_strangers_see_nothing(jinghe: Outlet) -> None:
    assert not Outlet.objects.visible_to(AnonymousUser()).exists()
    lost = factories.user(Role.OFFICER)
    lost.organisation = None
    lost.save()
    assert seen(lost) == set()


def test_an_enterprise_officer_mix_up_gives_no_more(
    jinghe: Outlet, wenquan: Outlet
) -> None:
    """A bureau role on an account of an enterprise does not widen its view."""
    person = factories.user(
        Role.OFFICER, Role.ENTERPRISE, organisation=jinghe.enterprise.organisation
    )
    assert seen(person) == {jinghe.pk}


def test_points_follow_their_outlet(jinghe: Outlet, wenquan: Outlet) -> None:
    here = factories.point(factories.logger(jinghe))
    factories.point(factories.logger(wenquan))
    officer = factories.user(Role.OFFICER, organisation=branch(jinghe))
    assert list(Point.objects.visible_to(officer)) == [here]
