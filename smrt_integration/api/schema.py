"""Additions to the OpenAPI schema that serializers and viewsets do not provide."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "smrt_integration.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key of one business. An owner creates it in the admin.",
        }


ERROR_SCHEMA = {
    "type": "object",
    "description": (
        "What is wrong. `detail` is about the whole request. With status 409 it has a `code` for "
        "your program, which never changes. Any other property is the name of a field."
    ),
    "properties": {
        "detail": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    },
    "additionalProperties": {},
}
ERROR_DESCRIPTIONS = {
    "400": "The request is invalid. The response names the field.",
    "401": "The key is missing, unknown or revoked.",
    "403": "The key may not do this.",
    "404": "Your business has no such record.",
    "409": "The present state of the record does not allow this.",
    "411": "The Content-Length header is missing.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "429": "Too many calls. Retry-After says after how many seconds to try again.",
    "503": (
        "The request waited for other work for too long, or the database is away. Retry-After "
        "says after how many seconds to try again."
    ),
}
IDEMPOTENCY_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": (
        "A text of your choice, unique for each request. A repeated request with the same key is "
        "done once. The same key with another body is an error."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def add_common_responses(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add the error responses to every operation, and Idempotency-Key to every POST."""
    result["components"]["schemas"]["Problem"] = ERROR_SCHEMA
    for operations in result["paths"].values():
        for method, operation in operations.items():
            for status, description in ERROR_DESCRIPTIONS.items():
                operation["responses"].setdefault(
                    status,
                    {
                        "description": description,
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                        },
                    },
                )
            if method == "post":
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY_PARAMETER)
    return result
