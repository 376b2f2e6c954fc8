"""Import and export of configuration rows: each row and each file in the audit log."""

from typing import Any

from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import CSV, XLSX
from import_export.results import Result, RowResult
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from bozhou_eco.audit import services as audit
from bozhou_eco.audit.configuration import ConfigurationAdmin
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common.tables import safe_cell

ACTS = {
    RowResult.IMPORT_TYPE_NEW: "config.add",
    RowResult.IMPORT_TYPE_UPDATE: "config.change",
    RowResult.IMPORT_TYPE_DELETE: "config.delete",
}


class ImportingAdmin(ImportExportMixin, ConfigurationAdmin):  # type: ignore[misc]
    """Import with dry run and row errors; export to CSV and Excel."""

    import_form_class = ImportForm
    export_form_class = ExportForm
    formats = (CSV, XLSX)

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Write all rows and their entries, or nothing."""
        with transaction.atomic():
            answer: HttpResponse = super().process_import(request, **kwargs)
            return answer

    def generate_log_entries(self, result: Result, request: HttpRequest) -> None:
        """Note every row that was made, changed or deleted."""
        super().generate_log_entries(result, request)
        for row in result.rows:
            if row.import_type in ACTS:
                audit.record(
                    actor=request.user,
                    act=ACTS[row.import_type],
                    subject=f"{self.model._meta.label_lower}:{row.object_id}",
                    detail={"name": str(row.object_repr)[:200], "by": "import"},
                    kind=AuditEntry.Kind.CONFIG,
                )

    def get_data_for_export(
        self, request: HttpRequest, queryset: models.QuerySet[Any], **kwargs: Any
    ) -> Any:
        """Return the rows with cells that no spreadsheet program runs."""
        data = super().get_data_for_export(request, queryset, **kwargs)
        audit.record(
            actor=request.user,
            act="config.export",
            subject=self.model._meta.label_lower,
            detail={"rows": len(data)},
            kind=AuditEntry.Kind.EXPORT,
        )
        clean = type(data)(title=data.title, headers=data.headers)
        for row in data:
            clean.append([safe_cell(v) if isinstance(v, str) else v for v in row])
        return clean
