"""Files as a spreadsheet program saved them.

LibreOffice Calc 7.4 wrote them from one sheet: with commas in UTF-8, with semicolons in
Windows-1252, as Unicode text with tabs in UTF-16, and as its workbook.
"""

from pathlib import Path
from typing import Final

import pytest

from customers.errors import ActionRefused
from customers.models import Business, Customer
from tests.factories import BusinessFactory
from tests.imports.run import figures, import_file

pytestmark = pytest.mark.django_db

FILES: Final = Path(__file__).parent / "files"
CUSTOMERS: Final = [
    ("L-1", "Zoë", "Müller", "zoe@example.com", "+14155550101", "2024-03-02"),
    ("L-2", "José", "García, Jr.", "jose@example.com", "+14155550102", "2023-12-31"),
    ("L-3", "Ann", "O'Example", "", "+14155550103", None),
]


@pytest.mark.parametrize("name", ["comma", "semicolon", "unicode"])
def test_each_way_to_save_a_sheet_brings_the_same_customers(name: str) -> None:
    business: Business = BusinessFactory.create(time_zone="America/Los_Angeles", country="US")

    done = import_file(business, (FILES / f"{name}.csv").read_bytes())

    assert figures(done) == {"state": "finished", "lines": 3, "created": 3}
    signed_up = set(
        business.customers.filter(visits__visit_type="Signup").values_list("pk", flat=True)
    )
    assert [
        (
            customer.external_id,
            customer.first_name,
            customer.last_name,
            customer.email,
            customer.phone,
            str(business.today(customer.created_at)) if customer.pk in signed_up else None,
        )
        for customer in Customer.objects.order_by("external_id")
    ] == CUSTOMERS


def test_a_workbook_is_refused_with_what_to_do() -> None:
    with pytest.raises(ActionRefused, match="CSV"):
        import_file(BusinessFactory.create(), (FILES / "customers.xlsx").read_bytes())
    assert not Customer.objects.exists()
