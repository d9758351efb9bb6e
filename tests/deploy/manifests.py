"""Checks deploy/'s YAML: Kubernetes objects against Kubernetes' schemas, SpinKube's and Compose's against theirs.

    manifests.py kubernetes|spinkube|compose

Prints what is wrong, one finding a line, and the number of objects that it looked at last.
"""

import json
import pathlib
import sys
import tomllib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/kubernetes"


def objects():
    """Every object of the folder with its file's name."""
    for file in sorted(FOLDER.rglob("*.yaml")):
        for found in yaml.safe_load_all(file.read_text()):
            yield file.name, found


def kubernetes():
    import kubernetes_validate

    for file, found in objects():
        if found["apiVersion"].startswith("core.spinkube.dev/"):
            continue
        try:
            kubernetes_validate.validate(found, "1.37.0", strict=True)
            yield None
        except kubernetes_validate.ValidationError as error:
            yield f"{file}: {found['kind']}: {error.message}"


def spinkube():
    import jsonschema

    # Its own schemas are in no registry: these are the members that the files use, as spin-operator defines them.
    schemas = json.loads((ROOT / "tests/deploy/spinkube.schema.json").read_text())
    declared = tomllib.loads((ROOT / "spin.toml").read_text())["variables"]
    for file, found in objects():
        if not found["apiVersion"].startswith("core.spinkube.dev/"):
            continue
        schema = {**schemas, "$ref": f"#/$defs/{found['kind']}"}
        for error in jsonschema.Draft202012Validator(schema).iter_errors(found):
            yield f"{file}: {error.json_path}: {error.message}"
        given = {variable["name"] for variable in found["spec"].get("variables", [])}
        if found["kind"] == "SpinApp":
            required = {name for name, variable in declared.items() if variable.get("required")}
            for name in sorted(required - given):
                yield f"{file}: the required variable {name} is not given"
            for name in sorted(given - declared.keys()):
                yield f"{file}: the app has no variable {name}"
        yield None


def compose():
    from compose_spec import PyCompose

    try:
        PyCompose.from_yaml((ROOT / "deploy/compose.yaml").read_text()).validate()
        yield None
    except ValueError as error:
        yield f"compose.yaml: {error}"


findings = list({"kubernetes": kubernetes, "spinkube": spinkube, "compose": compose}[sys.argv[1]]())
for finding in filter(None, findings):
    print(finding)
print(findings.count(None))
