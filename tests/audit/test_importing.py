"""What an administrator imports or exports is noted row by row, and runs no formula."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from polluters.models import Pollutant
from tests import factories

pytestmark = pytest.mark.django_db
ADMIN = "/admin/polluters/pollutant"
CODE = "x99001"


@pytest.fixture
def admin(client: Client) -> User:
    user = factories.user(Role.ADMIN)
    user.is_staff = user.is_superuser = True
    user.save()
    client.force_login(user)
    return user


def bring_in(client: Client, text: str) -> None:
    file = SimpleUploadedFile("p.csv", text.encode(), "text/csv")
    page = client.post(f"{ADMIN}/import/", {"import_file": file, "format": "0"})
    form = page.context["confirm_form"]
    answer = client.post(f"{ADMIN}/process_import/", form.initial)
    assert answer.status_code == 302


def made(**fields: object) -> Pollutant:
    row = factories.pollutant(CODE)
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    return row


def test_each_imported_row_is_noted(client: Client, admin: User) -> None:
    row = made(name="旧名")
    bring_in(client, f"code,name\n{CODE},新名\n")
    row.refresh_from_db()
    assert row.name == "新名"
    entry = AuditEntry.objects.get(act="config.change")
    assert entry.actor == admin
    assert entry.subject == f"polluters.pollutant:{row.pk}"
    assert entry.detail["by"] == "import"
    bring_in(client, f"code,name\n{CODE},新名\n")
    assert AuditEntry.objects.filter(act="config.change").count() == 1, "unchanged"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_is_noted_and_runs_no_formula(
    client: Client, admin: User, kind: str
) -> None:
    made(name="=HYPERLINK(1)")
    page = client.get(f"{ADMIN}/export/")
    choices = page.context["form"].fields["format"].choices
    assert [word for value, word in choices if value] == ["csv", "xlsx"]
    number = next(value for value, word in choices if word == kind)
    fields = {"format": number, "resource": "0"} | {
        name: "on" for name in page.context["form"].fields if "pollutant" in name
    }
    answer = client.post(f"{ADMIN}/export/", fields)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    if kind == "csv":
        assert "'=HYPERLINK(1)" in answer.content.decode()
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        cells = [cell for row in sheet.iter_rows() for cell in row]
        assert "'=HYPERLINK(1)" in [cell.value for cell in cells]
        assert all(cell.data_type != "f" for cell in cells)
    entry = AuditEntry.objects.get(kind=AuditEntry.Kind.EXPORT)
    assert entry.subject == "polluters.pollutant"
    assert entry.detail["rows"] == Pollutant.objects.count()
