"""Print the wire protocol as one JSON Schema: `python -m gateway.schema`."""

from __future__ import annotations

import json
import sys

from pydantic.json_schema import models_json_schema

from gateway import wire


def build() -> dict[str, object]:
    """Return one schema whose `$defs` hold every frame and part, by class name."""
    models = [
        value
        for value in vars(wire).values()
        if isinstance(value, type) and issubclass(value, wire.Wire) and value is not wire.Wire
    ]
    _, schema = models_json_schema([(m, "serialization") for m in models], title="NanchangWire")
    return schema


if __name__ == "__main__":
    json.dump(build(), sys.stdout, ensure_ascii=False, indent=2, sort_keys=True)
    sys.stdout.write("\n")
