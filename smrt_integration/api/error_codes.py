"""The codes of all errors that the API returns, with their statuses. They never change."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class ErrorCode(NamedTuple):
    """One code: the statuses that it comes with, and what it means, for developers."""

    statuses: tuple[int, ...]
    meaning: str


ERROR_CODES: Final[Mapping[str, ErrorCode]] = {
    # What is wrong with a value.
    "required": ErrorCode((400,), "The field is missing."),
    "null": ErrorCode((400,), "The field may not be null."),
    "blank": ErrorCode((400,), "The text may not be empty."),
    "empty": ErrorCode((400,), "The list or the file may not be empty."),
    "invalid": ErrorCode((400,), "The value is not of the type or form that the field has."),
    "invalid_choice": ErrorCode((400,), "The value is none of those that the field has."),
    "not_a_list": ErrorCode((400,), "The field takes a list."),
    "not_a_dict": ErrorCode((400,), "The field takes an object."),
    "min_length": ErrorCode((400,), "The text or list is too short."),
    "max_length": ErrorCode((400,), "The text or list is too long."),
    "min_value": ErrorCode((400,), "The number is too small."),
    "max_value": ErrorCode((400,), "The number is too large."),
    "max_digits": ErrorCode((400,), "The number has too many digits."),
    "max_whole_digits": ErrorCode((400,), "The number has too many digits before the point."),
    "max_decimal_places": ErrorCode((400,), "The number has too many digits after the point."),
    "max_string_length": ErrorCode((400,), "The number has too many characters."),
    "null_characters_not_allowed": ErrorCode((400,), "The text has a null character."),
    "surrogate_characters_not_allowed": ErrorCode((400,), "The text has half a character."),
    "unstorable_text": ErrorCode((400,), "The text has something that is not a character."),
    "date": ErrorCode((400,), "The field takes a date and time, not a date alone."),
    "datetime": ErrorCode((400,), "The field takes a date, not a date and time."),
    "naive": ErrorCode((400,), "The time has no offset."),
    "overflow": ErrorCode((400,), "The time is out of range."),
    "long_ago": ErrorCode((400,), "The time is more than 30 days ago."),
    "future_time": ErrorCode((400,), "The time is in the future."),
    "time_out_of_order": ErrorCode((400,), "The time is before an earlier step of the record."),
    "past_date": ErrorCode((400, 409), "The day has passed."),
    "does_not_exist": ErrorCode((400,), "Your business has no record with this id."),
    "other_business": ErrorCode((400,), "The record belongs to another business."),
    "other_customer": ErrorCode((400,), "The record belongs to another customer."),
    "not_of_stop": ErrorCode((400,), "The order was not created at this stop."),
    "listed_twice": ErrorCode((400,), "The list names a record twice."),
    "too_many": ErrorCode((400,), "The call has too many records. Split it."),
    # What is wrong with a file of customers.
    "not_text": ErrorCode((400,), "The file is no text, such as an Excel file."),
    "heading_missing": ErrorCode((400,), "A column of the file has no heading."),
    "heading_twice": ErrorCode((400,), "Two columns of the file have the same heading."),
    "too_many_headings": ErrorCode((400,), "The file has too many columns."),
    "unknown_heading": ErrorCode((400,), "The file has no column with this heading."),
    "assigned_twice": ErrorCode((400,), "Two columns are assigned to the same field."),
    "external_id_missing": ErrorCode((400,), "No column is assigned to external_id."),
    # What is wrong with a field or a request as a whole.
    "unknown_field": ErrorCode((400,), "The body has a field that this call does not have."),
    "unknown_filter": ErrorCode((400,), "The query has a name that this call does not have."),
    "repeated": ErrorCode((400,), "The query has this name twice."),
    "read_only": ErrorCode((400,), "You cannot set this field."),
    "parse_error": ErrorCode((400,), "The body is not JSON that can be read."),
    "bad_request": ErrorCode((400,), "The request cannot be read."),
    "key_reused": ErrorCode((400,), "The Idempotency-Key was used for another request."),
    "not_authenticated": ErrorCode((401,), "The call has no key."),
    "authentication_failed": ErrorCode((401,), "The key is unknown or was revoked."),
    "https_required": ErrorCode((403,), "The call came over http. Use https."),
    "permission_denied": ErrorCode((403,), "The key may not do this."),
    "not_found": ErrorCode((404,), "The path is unknown, or your business has no such record."),
    "method_not_allowed": ErrorCode((405,), "The path does not have this method."),
    "not_acceptable": ErrorCode((406,), "The answer is JSON, which your Accept header excludes."),
    "length_required": ErrorCode((411,), "The body comes without Content-Length."),
    "changed_meanwhile": ErrorCode((412,), "The record is no longer as If-Match says."),
    "too_large": ErrorCode((413,), "The body has more than 5,000,000 bytes."),
    "unsupported_media_type": ErrorCode((415,), "The body is not declared as application/json."),
    "throttled": ErrorCode((429,), "Too many calls, in a minute or at a time."),
    # The state of the records does not allow the call.
    "under_way": ErrorCode((409,), "The first call with this Idempotency-Key is in progress."),
    "name_taken": ErrorCode((409,), "Another record has this name."),
    "number_taken": ErrorCode((409,), "Another order has this number."),
    "external_id_taken": ErrorCode((409,), "Another record of this kind has this external_id."),
    "opted_out_by_customer": ErrorCode(
        (409,), "The customer turned this off. State their consent, or send If-Match."
    ),
    "gone": ErrorCode((409,), "The record was deleted in the meantime."),
    "ready_already": ErrorCode((409,), "The order is ready."),
    "returned_already": ErrorCode((409,), "The order was returned."),
    "item_returned_already": ErrorCode((409,), "A line item was returned."),
    "not_in_order": ErrorCode((409,), "The order no longer has all of these items."),
    "completed_already": ErrorCode((409,), "The stop or pickup was completed."),
    "missed_already": ErrorCode((409,), "The stop was missed."),
    "has_orders": ErrorCode((409,), "Orders were created at the stop."),
    "has_deliveries": ErrorCode((409,), "Something was delivered at the stop."),
    "scheduled_already": ErrorCode((409,), "The customer has a pickup on this day."),
    "canceled_already": ErrorCode((409,), "The pickup was canceled."),
    "requested_already": ErrorCode((409,), "The customer's request waits for approval."),
    "address_missing": ErrorCode((409,), "The customer has no address to drive to."),
    "on_route_already": ErrorCode((409,), "The customer is on a regular route."),
    "approved_already": ErrorCode((409,), "The request was approved."),
    "declined_already": ErrorCode((409,), "The request was declined."),
    "too_many_imports": ErrorCode((409,), "Too many imports are open."),
    "wrong_state": ErrorCode((409,), "The import is in a state that does not allow this."),
    "switched_off": ErrorCode((409,), "The integration is switched off."),
    "discarding": ErrorCode((409,), "Old messages are being discarded."),
    "not_again": ErrorCode((409,), "The message cannot be sent again."),
    "nothing_matches": ErrorCode((409,), "No message that matches can be sent again."),
    # On our side.
    "internal_error": ErrorCode((500,), "A fault on our side."),
    "unavailable": ErrorCode((503,), "Other work took too long, or the database is away."),
}


CONFLICT_CODES: Final = frozenset(
    code for code, about in ERROR_CODES.items() if about.statuses == (409,)
)


def is_conflict(code: str, field: str | None) -> bool:
    """Return whether a refusal with this code is a 409, which is about the records' state.

    With a code that has both statuses, a named field means that the request is at fault.
    """
    statuses = ERROR_CODES[code].statuses if code in ERROR_CODES else (400, 409)
    return 409 in statuses and (400 not in statuses or field is None)
