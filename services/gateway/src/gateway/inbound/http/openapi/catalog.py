"""How models and credits are described in the OpenAPI document."""

from gateway.inbound.http.openapi.parts import NUMBER, TEXT, Document, list_of, path, read

_RULE: Document = {
    "type": "object",
    "required": ["kind"],
    "properties": {
        "kind": {**TEXT, "examples": ["per_second"]},
        "when": {"type": "object", "description": "Values of the input that it is for"},
    },
    "additionalProperties": True,
    "examples": [
        {"kind": "per_second", "micro": 612_000, "seconds": "duration", "when": {"resolution": "480p"}}
    ],
}
_MODEL: Document = {
    "type": "object",
    "properties": {
        "object": {"const": "model"},
        "slug": TEXT,
        "title": TEXT,
        "description": TEXT,
        "kind": TEXT,
        "minimum_tier": TEXT,
        "available": {"type": "boolean"},
        "price": {
            "type": "object",
            "required": ["unit", "rules"],
            "properties": {
                "unit": {"const": "micro_credits"},
                "rules": {
                    "type": "array",
                    "items": _RULE,
                    "description": "The first that fits the input holds",
                },
            },
        },
        "schema": {"type": "object", "description": "JSON Schema of the model's input"},
    },
}
_CREDITS: Document = {
    "type": "object",
    "properties": {
        "available": NUMBER,
        "held": NUMBER,
        "currency_value": NUMBER,
        "currency": TEXT,
        "tier": TEXT,
    },
}


def models() -> Document:
    """`GET /api/v1/models`."""
    return read("All models", list_of(_MODEL))


def model() -> Document:
    """`GET /api/v1/models/{slug}`."""
    return read("A model and its schema", _MODEL, path("slug"), errors_of=(404,))


def account_credits() -> Document:
    """`GET /api/v1/credits`."""
    return read("The account's credits", _CREDITS)
