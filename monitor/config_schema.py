"""The JSON Schema of config.yaml, with every collector's options, so that editors complete and check it."""

from __future__ import annotations

from typing import Any


def config_schema() -> dict[str, Any]:
    """The schema of the whole file. `sources` is any of the collectors' models, told apart by `type`."""
    from monitor.collectors.registry import collector_types, options_model
    from monitor.config import Config

    schema = Config.model_json_schema(by_alias=True)
    definitions = schema.setdefault("$defs", {})
    choices = []
    for name in sorted(collector_types()):
        source = options_model(name).model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
        definitions.update(source.pop("$defs", {}))
        source["properties"]["type"] = {"const": name}
        source["required"] = sorted({*source.get("required", []), "type"})
        definitions[f"source_{name}"] = source
        choices.append({"$ref": f"#/$defs/source_{name}"})
    schema["properties"]["sources"] = {"type": "array", "items": {"oneOf": choices}}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema
