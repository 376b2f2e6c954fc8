"""Admin of users, organisations and districts."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import District, Organisation, Role, User
from bozhou_eco.audit.configuration import ConfigurationAdmin

admin.site.unregister(Group)


def _handed_in(request: HttpRequest, *args: object, **kwargs: object) -> bool:
    return request.method == "POST"


# Roles that go with no other one: who configures or audits takes no part (三员分离).
APART = frozenset({Role.ADMIN, Role.AUDITOR})
USERNAME = re.compile(r"[A-Za-z0-9@.+_\-\u4e00-\u9fff]+")


class RolesMixin(forms.ModelForm):  # type: ignore[type-arg]
    """Roles as check boxes; names that nobody can take for another's."""

    roles = forms.MultipleChoiceField(
        label="角色",
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def clean_username(self) -> str:
        """Refuse letters that look like Latin ones, and a name known in another case."""
        name: str = self.cleaned_data["username"]
        if not USERNAME.fullmatch(name):
            raise forms.ValidationError(
                "用户名只能含汉字、英文字母、数字和 @ . + - _，不能用形似的其他文字"
            )
        if User.objects.filter(username__iexact=name).exclude(pk=self.instance.pk):
            raise forms.ValidationError("已有同名用户（不区分大小写），请换一个用户名")
        return name

    def clean_roles(self) -> list[str]:
        """Keep administrator and auditor apart from every other role."""
        roles: list[str] = self.cleaned_data["roles"]
        if len(roles) > 1 and APART & set(roles):
            raise forms.ValidationError(
                "系统管理员和安全审计员须用单独的账户，不能兼任其他角色"
            )
        return roles

    def clean(self) -> dict[str, Any]:
        """Open the configuration to administrators alone."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("is_staff", "is_superuser"):
            if given.get(name) and Role.ADMIN not in given.get("roles", [Role.ADMIN]):
                self.add_error(name, "只有系统管理员可以进入后台配置")
        return given


class ChangeForm(RolesMixin, UserChangeForm):  # type: ignore[misc]
    """Change a user."""


class CreationForm(RolesMixin, UserCreationForm):  # type: ignore[misc]
    """Add a user."""


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ConfigurationAdmin):  # type: ignore[misc, type-arg]
    """Accounts are made here; nobody signs up."""

    form = ChangeForm
    add_form = CreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "name", "organisation", "role_names", "is_active")
    list_filter = ("is_active", "organisation__kind", "organisation__district")
    search_fields = ("username", "name", "card_number")
    autocomplete_fields = ("organisation",)
    list_select_related = ("organisation",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")

    @method_decorator(identity_required(_handed_in))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show or save an account; to give roles asks again who is there."""
        return super().changeform_view(request, *args, **kwargs)

    @method_decorator(identity_required(_handed_in))
    def user_change_password(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> Any:
        """Set somebody's password; asks again who is there."""
        return super().user_change_password(request, *args, **kwargs)

    fieldsets = (  # type: ignore[assignment]
        (None, {"fields": ("username", "password", "is_active")}),
        ("人员", {"fields": ("name", "phone", "email", "card_number")}),
        ("权限", {"fields": ("organisation", "roles", "is_staff", "is_superuser")}),
        ("记录", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (  # type: ignore[assignment]
        (
            None,
            {
                "fields": (
                    "username",
                    "name",
                    "organisation",
                    "roles",
                    "password1",
                    "password2",
                )
            },
        ),
    )


@admin.register(Organisation)
class OrganisationAdmin(ConfigurationAdmin):
    """Departments, enterprises and stations."""

    list_display = ("name", "kind", "code", "district", "parent")
    list_filter = ("kind", "district")
    search_fields = ("name", "code")
    autocomplete_fields = ("parent",)
    list_select_related = ("district", "parent")


@admin.register(District)
class DistrictAdmin(ConfigurationAdmin):
    """Counties and cities of the prefecture."""

    list_display = ("code", "name")
    search_fields = ("code", "name")
