"""Admin of configuration: every save and deletion goes through the audit log."""

from typing import Any

from django.contrib.admin.utils import NestedObjects
from django.db import models, router, transaction
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from bozhou_eco.audit import services as audit
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common.fields import SealedTextField

SECRET_FIELDS = frozenset({"password", "key_current", "key_previous", "secret"})


def subject_of(row: models.Model) -> str:
    """Return the audit subject of a configuration row."""
    return f"{row._meta.label_lower}:{row.pk}"


def changes_of(form: "ModelForm[Any]") -> dict[str, object]:
    """Return ``{field: [before, after]}``, secrets and personal data left out."""
    changes: dict[str, object] = {}
    personal = {
        field.name
        for field in form._meta.model._meta.local_concrete_fields
        if isinstance(field, SealedTextField)
    }
    for name in form.changed_data:
        if name in SECRET_FIELDS or name in personal:
            changes[name] = "（已更改）"
        else:
            after = form.cleaned_data.get(name)
            changes[name] = [str(form.initial.get(name)), str(after)]
    return changes


def save_configuration(
    *, row: models.Model, actor: Any, changes: dict[str, object], created: bool
) -> None:
    """Save a configuration row and say in the audit log what changed."""
    with transaction.atomic():
        row.save()
        audit.record(
            actor=actor,
            act="config.add" if created else "config.change",
            subject=subject_of(row),
            detail={"name": str(row)[:200], "changes": changes},
            kind=AuditEntry.Kind.CONFIG,
        )


def delete_configuration(*, row: models.Model, actor: Any) -> None:
    """Delete a configuration row that nothing protects, and record what it was."""
    with transaction.atomic():
        collector = NestedObjects(using=router.db_for_write(type(row)))
        collector.collect([row])
        audit.record(
            actor=actor,
            act="config.delete",
            subject=subject_of(row),
            detail={
                "name": str(row)[:200],
                "with": [
                    f"{model._meta.label_lower}: {len(rows)}"
                    for model, rows in collector.data.items()
                ],
            },
            kind=AuditEntry.Kind.CONFIG,
        )
        row.delete()


class ConfigurationAdmin(ModelAdmin):  # type: ignore[misc]
    """Base of every admin of the site; facts, cases and audit are never registered."""

    list_per_page = 50
    list_filter_submit = True
    show_full_result_count = False
    warn_unsaved_form = True

    def save_model(
        self, request: HttpRequest, obj: models.Model, form: Any, change: bool
    ) -> None:
        """Save through the audited service."""
        save_configuration(
            row=obj,
            actor=request.user,
            changes=changes_of(form),
            created=not change,
        )

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        """Delete through the audited service."""
        delete_configuration(row=obj, actor=request.user)

    def delete_queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> None:
        """Delete one by one, each with its entry."""
        for row in queryset:
            delete_configuration(row=row, actor=request.user)

    def save_formset(
        self, request: HttpRequest, form: Any, formset: Any, change: bool
    ) -> None:
        """Save inline rows and record each."""
        super().save_formset(request, form, formset, change)
        touched = [
            *[(row, "config.add") for row in formset.new_objects],
            *[(row, "config.change") for row, _ in formset.changed_objects],
            *[(row, "config.delete") for row in formset.deleted_objects],
        ]
        for row, act in touched:
            audit.record(
                actor=request.user,
                act=act,
                subject=subject_of(row),
                detail={"name": str(row)[:200]},
                kind=AuditEntry.Kind.CONFIG,
            )


class ConfigurationInline(TabularInline):  # type: ignore[misc]
    """Inline rows in the look of the admin."""

    extra = 0
    show_change_link = True
