"""Admin of users, organisations and districts."""

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


class RolesMixin(forms.ModelForm):  # type: ignore[type-arg]
    """Roles as check boxes."""

    roles = forms.MultipleChoiceField(
        label="角色",
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


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
