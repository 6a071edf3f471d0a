"""Inputs made from a model's own schema."""

from typing import Any

from catalog.model import Model

IMAGE, OTHER, VIDEO, AUDIO = "https://e/i.jpg", "https://e/j.jpg", "https://e/v.mp4", "https://e/a.mp3"
MEDIA = {"image": IMAGE, "video": VIDEO, "audio": AUDIO}


def medium_of(name: str) -> str | None:
    """An address for a field of this name; None if it holds none."""
    if not name.endswith(("_url", "_urls")):
        return None
    return next((url for kind, url in MEDIA.items() if kind in name), None)


def minimal(model: Model) -> dict[str, Any]:
    """What a model requires and no more."""
    properties = model.schema["properties"]
    given = {name: _least(name, properties[name]) for name in model.schema.get("required", [])}
    for rule in model.rules:
        if rule.kind == "needs" and not any(name in given for name in rule.any_of):
            given[rule.any_of[0]] = _least(rule.any_of[0], properties[rule.any_of[0]])
    return given


def other(name: str, schema: dict[str, Any], present: Any) -> Any:
    """A value that a field may have besides the present one."""
    if "enum" in schema:
        return next(each for each in schema["enum"] if each != present)
    if schema["type"] == "boolean":
        return not present
    if schema["type"] in {"integer", "number"}:
        step = schema.get("multipleOf", 1)
        now = present if present is not None else schema.get("minimum", 0)
        above = min(now + step, schema.get("maximum", now + step))
        return above if above != present else now - step
    url = medium_of(name)
    if url is not None:
        fresh = url.replace("://e/", "://f/")
        return [fresh] if schema["type"] == "array" else fresh
    return "other"


def _least(name: str, schema: dict[str, Any]) -> Any:
    url = medium_of(name)
    if url is not None:
        return [url] if schema["type"] == "array" else url
    return schema.get("default", "p")
