"""`manage.py import_customers`, for whoever sets an installation up."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from customers.models import Business, Customer
from smrt_integration.imports.models import CustomerImport
from tests.factories import BusinessFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def business() -> Business:
    business: Business = BusinessFactory.create(country="US")
    return business


def summary(figures: str) -> str:
    return f"Finished, 100 %: 3 lines, {figures}, 0 unchanged, 1 refused, 1 probable duplicates."


def test_it_tells_in_a_dry_run_and_imports_without(
    business: Business, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, refused = tmp_path / "old.csv", tmp_path / "refused.csv"
    file.write_text("Nr,Name,Tel\n1,Ada,415-601-5610\n,Bob,\n3,Cy,(415) 601 5610\n")
    columns = ["Nr=external_id", "Name=first_name", "Tel=phone"]

    imported = ("import_customers", str(business.pk), str(file))
    call_command(*imported, "--dry-run", "--columns", *columns)
    told = capsys.readouterr().out.splitlines()

    assert told == [
        "Line 2: New customer. Ada",
        "Line 3: Refused. The external ID is missing. It says which customer this is.",
        "Line 4: New customer. Cy. Same phone as line 2",
        summary("2 would be new, 0 would be changed"),
    ]
    assert not Customer.objects.exists()

    call_command(*imported, f"--refused={refused}", "--columns", *columns)
    told = capsys.readouterr().out.splitlines()

    assert told == [
        "Line 3: Refused. The external ID is missing. It says which customer this is.",
        summary("2 new, 0 changed"),
    ]
    assert [c.external_id for c in Customer.objects.order_by("id")] == ["1", "3"]
    assert refused.read_text().splitlines() == [
        "\ufeffLine number,Why it was refused,Nr,Name,Tel",
        "3,The external ID is missing. It says which customer this is.,,Bob,",
    ]


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        ("Name\nAda\n", [], "Choose the column with the ID"),
        ("id,a\n1,2\n", ["--columns", "id"], "id: write HEADING=FIELD"),
        ("id,id\n1,2\n", [], 'The heading "id" is there twice'),
    ],
)
def test_a_mistake_is_told_and_nothing_kept(
    business: Business, tmp_path: Path, content: str, arguments: list[str], sentence: str
) -> None:
    file = tmp_path / "old.csv"
    file.write_text(content)

    with pytest.raises(CommandError, match=sentence):
        call_command("import_customers", str(business.pk), str(file), *arguments)
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("import_customers", str(business.pk), str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="There is no business 7"):
        call_command("import_customers", "7", str(file))
    assert not CustomerImport.objects.exists()
