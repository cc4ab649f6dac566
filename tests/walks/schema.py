# SPDX-License-Identifier: Apache-2.0
"""The fields of a SchemaMigration's spec, as its CRD tells them."""
import pathlib

import yaml

CRD = pathlib.Path(__file__).resolve().parents[2] / "crds" / "interlude.dev_schemamigrations.yaml"

# Handed on to the pod as they are: what is below them is Kubernetes' own.
WHOLE = ("run.container.env", "run.container.envFrom", "run.container.resources", "run.podTemplate", "applications.selector")


def below(schema, path=""):
    for name, field in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        deeper = {**field.get("properties", {}), **field.get("items", {}).get("properties", {})}
        if deeper and here not in WHOLE:
            yield from below({"properties": deeper}, here)
        else:
            yield here


def fields():
    """Every field that holds a value, as a path: run.container.image, applications.versions (of each item)."""
    with open(CRD, encoding="utf-8") as file:
        crd = yaml.safe_load(file)
    return list(below(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]))


def has(paths, path):
    """The path, or something below it, is a field."""
    return any(known == path or known.startswith(path + ".") for known in paths)


def merge_patch(path, value):
    """{a: {b: value}} of a.b."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return value


def merged(target, patch):
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result
