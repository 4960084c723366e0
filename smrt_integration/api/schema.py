"""Additions to the OpenAPI schema that serializers and viewsets do not provide."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from smrt_integration.api.error_body import MAX_ERRORS
from smrt_integration.api.error_codes import ERROR_CODES


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "smrt_integration.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key of one business. An owner creates it in the admin.",
        }


ERRORS_SCHEMA = {
    "type": "object",
    "description": "What is wrong.",
    "properties": {
        "errors": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_ERRORS,
            "items": {"$ref": "#/components/schemas/Error"},
        }
    },
    "required": ["errors"],
    "additionalProperties": False,
}
CODES_DESCRIPTION = (
    "The code is for your program and never changes. There may be new ones: then go by the "
    "status. The codes:\n\n"
    + "\n".join(f"- `{code}`: {about.meaning}" for code, about in ERROR_CODES.items())
)
ERROR_SCHEMA = {
    "type": "object",
    "description": "One error.",
    "properties": {
        "code": {"type": "string", "pattern": "^[a-z_]+$", "description": CODES_DESCRIPTION},
        "field": {
            "type": "string",
            "nullable": True,
            "minLength": 1,
            "description": (
                "The path of the field, such as `items[2].price`, the name in the query or the "
                "name of a header. Null: the request or the record as a whole."
            ),
        },
        "message": {"type": "string", "minLength": 1, "description": "A sentence for people."},
    },
    "required": ["code", "field", "message"],
    "additionalProperties": False,
}
ERROR_DESCRIPTIONS = {
    "400": "The request is invalid, and nothing was changed. The errors name the fields.",
    "401": "The key is missing, unknown or revoked.",
    "403": "The key may not do this.",
    "404": "Your business has no such record.",
    "405": "The path does not have this method.",
    "406": "Your Accept header excludes JSON.",
    "409": "The present state of the record does not allow this.",
    "411": "The Content-Length header is missing.",
    "412": "The record has changed since you read it.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "429": "Too many calls. Retry-After says after how many seconds to try again.",
    "500": "A fault on our side, and nothing was changed.",
    "503": (
        "The request waited for other work for too long, or the database is away. Retry-After "
        "says after how many seconds to try again."
    ),
}
RETRIED_STATUSES = {"429", "503"}
RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
CHANGING_METHODS = {"post", "put", "patch", "delete"}
IDEMPOTENCY_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": (
        "A text of your choice, unique for each request. A repeated request with the same key is "
        "done once, also after 29 days. The same key with another body is an error."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!#-~]+$"},
}

IF_MATCH_PARAMETER = {
    "name": "If-Match",
    "in": "header",
    "description": (
        "The ETag of the record as you read it. If the record has changed since, the call is a "
        "412 and changes nothing. Calls that name no record cannot have it."
    ),
    "schema": {"type": "string"},
}

IF_NONE_MATCH_PARAMETER = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of the record as you have it. If it is the same, the call is a 304.",
    "schema": {"type": "string"},
}
NOT_MODIFIED = {"description": "You have the record as it is. The response has no body."}
ETAG = {
    "ETag": {
        "description": "Changes with the record, whoever changes it. Send it back as If-Match.",
        "schema": {"type": "string"},
    }
}


def add_common_responses(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add the error responses and ETags to operations, and Idempotency-Key to what changes."""
    components = result["components"]
    components["schemas"] |= {"Error": ERROR_SCHEMA, "Errors": ERRORS_SCHEMA}
    components["responses"] = {
        f"Error{status}": _error_response(status, description)
        for status, description in ERROR_DESCRIPTIONS.items()
    }
    records = {
        _schema_of(operation["responses"]["200"])
        for operations in result["paths"].values()
        for operation in operations.values()
        if _is_of_one(operation)
    } - {None}
    for operations in result["paths"].values():
        for method, operation in operations.items():
            for status in ERROR_DESCRIPTIONS:
                operation["responses"].setdefault(
                    status, {"$ref": f"#/components/responses/Error{status}"}
                )
            if method in CHANGING_METHODS:
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY_PARAMETER)
                operation["parameters"].append(IF_MATCH_PARAMETER)
            if _is_of_one(operation):
                operation.setdefault("parameters", []).append(IF_NONE_MATCH_PARAMETER)
                operation["responses"]["304"] = NOT_MODIFIED
            for status in {"200", "201"} & operation["responses"].keys():
                if _schema_of(operation["responses"][status]) in records:
                    operation["responses"][status]["headers"] = ETAG
    return result


def _is_of_one(operation: dict[str, Any]) -> bool:
    """Return whether the operation returns one record that can be read by itself."""
    return str(operation["operationId"]).endswith("_retrieve")


def _schema_of(response: dict[str, Any]) -> str | None:
    """Return the reference to the schema of a response's body, or None for another body."""
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    reference: str | None = schema.get("$ref")
    return reference


def _error_response(status: str, description: str) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}},
    }
    return response | ({"headers": RETRY_AFTER} if status in RETRIED_STATUSES else {})
