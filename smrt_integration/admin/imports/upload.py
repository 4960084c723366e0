"""The form to choose a file of customers. The file is written to the disk while it arrives."""

from typing import Any, Final

from django import forms

from smrt_integration.imports.models import CustomerImport

NOT_WHOLE: Final = "The file did not arrive whole. Choose it again."
UPLOADS_BUSY: Final = (
    "Other files are being uploaded at the moment. Choose your file again in a minute."
)
NDJSON_ENDINGS: Final = (".ndjson", ".jsonl", ".json")


class UploadForm(forms.Form):
    """`whole` comes after the file, so that a request that was cut off lacks it."""

    file = forms.FileField(
        label="File",
        help_text="A CSV file with headings in its first line. Every spreadsheet program saves "
        "one: choose Save as, then CSV.",
        error_messages={
            "required": "Choose a file.",
            "missing": "Choose a file.",
            "empty": "This file is empty.",
        },
    )
    whole = forms.CharField(
        widget=forms.HiddenInput, initial="yes", error_messages={"required": NOT_WHOLE}
    )

    def __init__(
        self, businesses: Any, only: int | None, data: Any = None, files: Any = None
    ) -> None:
        """`businesses` is the field with the businesses that the user manages.

        `only` is the id of the one business, for a user with no choice.
        """
        super().__init__(data, files, initial={"business": only})
        self.fields["business"] = businesses
        self.order_fields(["business", "file", "whole"])


def kind_of(file_name: str) -> CustomerImport.Kind:
    kinds = CustomerImport.Kind
    return kinds.NDJSON if file_name.lower().endswith(NDJSON_ENDINGS) else kinds.CSV
