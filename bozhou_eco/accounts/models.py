"""Who works with the platform, for whom, and in which district."""

from typing import Any, Self

from django.contrib.auth.models import AbstractUser, AnonymousUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models

from bozhou_eco.common.fields import SealedTextField


class Role(models.TextChoices):
    """What a person may do; in a small bureau one person may hold several."""

    OFFICER = "officer", "执法人员"
    REVIEWER = "reviewer", "复核员"
    LEGAL = "legal", "法制审核"
    LEADER = "leader", "领导"
    ADMIN = "admin", "系统管理员"
    AUDITOR = "auditor", "安全审计员"
    STATION = "station", "检验机构"
    ENTERPRISE = "enterprise", "企业"
    PARTNER = "partner", "联合部门"


FACT_ROLES = frozenset({Role.OFFICER, Role.REVIEWER, Role.LEGAL, Role.LEADER})
"""Roles of the bureau that may read readings, captures, alerts and cases."""


class District(models.Model):
    """A county or city of the prefecture (GB/T 2260 code)."""

    code = models.CharField("行政区划代码", max_length=12, unique=True)
    name = models.CharField("名称", max_length=40, unique=True)

    class Meta:
        verbose_name = verbose_name_plural = "行政区"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class Organisation(models.Model):
    """A department of the bureau, an enterprise or an inspection station."""

    class Kind(models.TextChoices):
        DEPARTMENT = "department", "部门"
        ENTERPRISE = "enterprise", "企业"
        STATION = "station", "检验机构"
        PARTNER = "partner", "联合部门"

    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    name = models.CharField("名称", max_length=120)
    code = models.CharField("代码", max_length=40, unique=True)
    district = models.ForeignKey(
        District,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="行政区",
        help_text="留空表示全州",
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="上级"
    )

    class Meta:
        verbose_name = verbose_name_plural = "机构"
        ordering = ("kind", "name")

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person with roles; what the person sees follows from the organisation."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField("姓名", max_length=40)
    phone = SealedTextField("手机号", most=20, blank=True)
    card_number = models.CharField("执法证号", max_length=40, blank=True)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, verbose_name="所属机构"
    )
    roles = ArrayField(
        models.CharField(max_length=12, choices=Role.choices),
        verbose_name="角色",
        default=list,
        blank=True,
    )

    objects = UserManager()  # type: ignore[misc]
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = verbose_name_plural = "用户"
        ordering = ("username",)

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        """Return the person's name."""
        return self.name

    def get_short_name(self) -> str:
        """Return the person's name; Chinese names have no short form."""
        return self.name

    def has_role(self, *roles: str) -> bool:
        """Return whether the person holds any of ``roles``."""
        return self.is_active and any(role in self.roles for role in roles)

    @property
    def reads_facts(self) -> bool:
        """Whether readings, captures, alerts and cases may be read at all."""
        return self.has_role(*FACT_ROLES, Role.STATION, Role.ENTERPRISE)

    @property
    def role_names(self) -> str:
        """The roles in words."""
        return "、".join(Role(role).label for role in self.roles)

    def district_ids(self) -> set[int] | None:
        """Return the districts the person works in; None is the whole prefecture."""
        if self.organisation is None:
            return set()
        if self.organisation.district_id is None:
            return None
        return {self.organisation.district_id}


class ScopedQuerySet(models.QuerySet[Any]):
    """A queryset that knows which rows a person may see.

    Subclasses name the lookups that lead to the row's district and organisation. A row
    outside the scope is answered with 404, so its existence is not given away.
    """

    district_path = "district"
    organisation_path = "organisation"

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return the rows that ``user`` may see."""
        if not isinstance(user, User) or not user.reads_facts:
            return self.none()
        organisation = user.organisation
        if organisation is None:
            return self.none()
        if organisation.kind != Organisation.Kind.DEPARTMENT:
            if not self.organisation_path:
                return self.none()
            return self.filter(**{self.organisation_path: organisation.pk})
        if not user.has_role(*FACT_ROLES):
            return self.none()
        if organisation.district_id is None:
            return self.all()
        return self.filter(**{self.district_path: organisation.district_id})
