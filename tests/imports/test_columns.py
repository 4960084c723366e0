"""Keep a file and recognize its columns: whatever encoding and separator a program writes."""

from io import BytesIO

import pytest

from customers.errors import ActionRefused
from customers.models import Business
from smrt_integration.imports.control import assign_columns, cancel, pause, resume, start
from smrt_integration.imports.create_import import (
    MAX_OPEN_IMPORTS,
    FileColumn,
    create_import,
    recognize_columns,
)
from smrt_integration.imports.models import CustomerImport, import_storage
from tests.factories import BusinessFactory, CustomFieldFactory

pytestmark = pytest.mark.django_db
State = CustomerImport.State


def create(content: bytes, kind: str = "csv", **options: object) -> CustomerImport:
    business = options.pop("business", None) or BusinessFactory.create()
    return create_import(
        business,  # type: ignore[arg-type]
        BytesIO(content),
        "customers.csv",
        kind,
        None,
        dry_run=False,
        **options,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    "content",
    [
        "Customer No.;First Name;E-Mail\n7;Zoë;zoe@example.com\n".encode(),
        "\ufeffCustomer No.,First Name,E-Mail\r\n7,Zoë,zoe@example.com\r\n".encode(),
        "\ufeffCustomer No.\tFirst Name\tE-Mail\r\n7\tZoë\tzoe@example.com\r\n".encode("utf-16-le"),
        "Customer No.\tFirst Name\tE-Mail\r\n7\tZoë\tzoe@example.com\r\n".encode("utf-16-be"),
        b"Customer No.;First Name;E-Mail\r\n7;Zo\xeb;zoe@example.com\r\n",
        b"Customer No.;First Name;E-Mail\r7;Zo\xeb;zoe@example.com\r",
        'sep=;\r\n"Customer No.";"First Name";"E-Mail"\r\n7;Zoë;zoe@example.com\r\n'.encode(),
        'Customer No.,First Name,E-Mail,,\n="7",Zoë,zoe@example.com,,\n'.encode(),
    ],
    ids=["utf-8", "mark", "utf-16", "utf-16 big", "windows", "old mac", "sep", "empty columns"],
)
def test_columns_are_recognized_however_the_file_was_saved(content: bytes) -> None:
    assert recognize_columns(create(content)) == [
        FileColumn("Customer No.", "external_id", ["7"]),
        FileColumn("First Name", "first_name", ["Zoë"]),
        FileColumn("E-Mail", "email", ["zoe@example.com"]),
    ]


def test_custom_fields_and_the_birthday_are_recognized() -> None:
    business: Business = BusinessFactory.create()
    CustomFieldFactory.create(business=business, name="Geburtstag", kind="DATE")
    CustomFieldFactory.create(business=business, name="Shirt size")
    CustomFieldFactory.create(name="Dog")

    kept = create(b"id,DOB,shirt_size,Dog,Phone,Mobile\n", business=business)

    assert kept.columns == {
        "id": "external_id",
        "DOB": "custom_fields.Geburtstag",
        "shirt_size": "custom_fields.Shirt size",
        "Dog": "",
        "Phone": "phone",
        "Mobile": "",
    }


def test_names_of_ndjson_are_those_of_the_api() -> None:
    kept = create(
        b'{"external_id": 7, "address": {"city": "Reno"}, "card_on_file": true}\n', "ndjson"
    )

    assert recognize_columns(kept) == [
        FileColumn("external_id", "external_id", ["7"]),
        FileColumn("address.city", "address.city", ["Reno"]),
        FileColumn("card_on_file", "card_on_file", ["true"]),
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This file is empty."),
        (b"\n\n", "This file is empty."),
        (b"id,,Phone\n1,2,3\n", "Column 2 has no heading."),
        (b"id,Phone,phone\n", 'The heading "phone" is there twice: in columns 2 and 3.'),
        (b"PK\x03\x04...", "This is an Excel file or an archive. Save the table as CSV"),
        (b"id,na\x00me\n", "The heading of column 2: This text has U\\+0000 in it"),
        ("id,name".encode("utf-16")[:-1], "The file ends in the middle of a character."),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_and_not_kept(
    content: bytes, sentence: str
) -> None:
    before = import_storage().listdir("")[1] if import_storage().exists("") else []

    with pytest.raises(ActionRefused, match=sentence) as refused:
        create(content)

    assert refused.value.field == "file"
    assert not CustomerImport.objects.exists()
    assert (import_storage().listdir("")[1] if before else []) == before


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"Nr": "external_id"}, 'The file has no heading "Nr". Its headings are: id, a, b.'),
        ({"id": "name"}, '"name", for the heading "id", is no field.'),
        ({"id": "external_id", "a": "phone", "b": "phone"}, '"a" and "b" are both assigned to'),
        ({"a": "phone"}, "Choose the column with the ID that each customer has"),
    ],
)
def test_wrong_columns_are_refused_and_change_nothing(
    columns: dict[str, str], sentence: str
) -> None:
    kept = create(b"id,a,b\n1,2,3\n")

    with pytest.raises(ActionRefused, match=sentence):
        assign_columns(kept, columns)

    kept.refresh_from_db()
    assert kept.columns == {"id": "external_id", "a": "", "b": ""}


def test_an_import_goes_from_state_to_state() -> None:
    kept = create(b"id,a\n1,2\n")
    with pytest.raises(ActionRefused, match="The import is not running"):
        pause(kept)

    assign_columns(kept, {"id": "external_id", "a": "phone"}, CustomerImport.DayOrder.DAY_FIRST)
    start(kept)
    assert (kept.state, kept.day_order) == (State.WAITING, "dmy")
    pause(kept)
    assert kept.state == State.PAUSED
    resume(kept)
    assert kept.state == State.WAITING
    cancel(kept)
    assert kept.state == State.CANCELED
    assert kept.ended_at is not None
    with pytest.raises(ActionRefused, match="The import has ended already"):
        cancel(kept)


def test_a_business_has_few_open_imports() -> None:
    business: Business = BusinessFactory.create()
    for _ in range(MAX_OPEN_IMPORTS):
        create(b"id\n1\n", business=business)

    with pytest.raises(ActionRefused, match="imports are open already"):
        create(b"id\n1\n", business=business)
    create(b"id\n1\n")
