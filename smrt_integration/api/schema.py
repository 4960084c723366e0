"""What the API's schema says beyond what serializers and views tell by themselves."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "smrt_integration.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of one business and client, made in the admin under API keys.",
        }


ERROR_SCHEMA = {
    "type": "object",
    "description": "What is wrong: `detail` is about the whole call, with a stable `code` beside it where the state of the records forbids "
    "it; any other name is a field's.",
    "properties": {
        "detail": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    },
    "additionalProperties": {},
}
ERROR_DESCRIPTIONS = {
    "400": "Something in the call is wrong; the field is named.",
    "401": "The key is missing, unknown or revoked.",
    "403": "The key may not do this.",
    "404": "There is no such record in this business.",
    "409": "It makes no sense in the present state of the records.",
    "411": "The body's length is not told.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "429": "Too many calls; Retry-After says in how many seconds to come back.",
}
IDEMPOTENCY_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Any text of your own. The same call with the same key is done once; with another body it is refused.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def add_common_responses(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """What every operation may answer besides what its view says, and that every POST may be repeated."""
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
