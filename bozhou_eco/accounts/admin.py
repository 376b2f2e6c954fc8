"""Admin of users, organisations and districts."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from bozhou_eco.accounts.models import District, Organisation, Role, User
from bozhou_eco.audit.configuration import ConfigurationAdmin

admin.site.unregister(Group)


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
