"""Cuts GitHub's own API description down to the operations that the tests need.

    npm pack @octokit/openapi@23 @octokit/openapi-webhooks@12 @octokit/webhooks-examples@7
    python tests/support/github_stand_in/cut_openapi.py FOLDER_WITH_THE_THREE_ARCHIVES

Writes openapi.json (operations), webhooks.json (events and one example of each) and rulesets.json (what four
servers take as a new ruleset) beside this script.
Descriptions and examples of single fields are dropped; `nullable` becomes JSON Schema's null type;
objects that list their properties are closed, so that an unknown field is an error.
"""

from __future__ import annotations

import json
import sys
import tarfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REPOSITORY = "/repos/{owner}/{repo}"
OPERATIONS = [
    "get /apps/{app_slug}",
    "get /user",
    "get /rate_limit",
    f"get {REPOSITORY}",
    f"get {REPOSITORY}/actions/artifacts/{{artifact_id}}",
    f"get {REPOSITORY}/actions/runs/{{run_id}}",
    f"get {REPOSITORY}/actions/runs/{{run_id}}/artifacts",
    f"get {REPOSITORY}/actions/runs/{{run_id}}/jobs",
    f"get {REPOSITORY}/branches",
    f"get {REPOSITORY}/branches/{{branch}}",
    f"get {REPOSITORY}/branches/{{branch}}/protection",
    f"get {REPOSITORY}/check-runs/{{check_run_id}}",
    f"get {REPOSITORY}/check-runs/{{check_run_id}}/annotations",
    f"patch {REPOSITORY}/check-runs/{{check_run_id}}",
    f"post {REPOSITORY}/check-runs",
    f"get {REPOSITORY}/codeowners/errors",
    f"get {REPOSITORY}/commits/{{ref}}",
    f"get {REPOSITORY}/commits/{{ref}}/check-runs",
    f"get {REPOSITORY}/commits/{{commit_sha}}/pulls",
    f"get {REPOSITORY}/compare/{{basehead}}",
    f"get {REPOSITORY}/contents/{{path}}",
    f"get {REPOSITORY}/git/blobs/{{file_sha}}",
    f"get {REPOSITORY}/git/commits/{{commit_sha}}",
    f"get {REPOSITORY}/git/matching-refs/{{ref}}",
    f"get {REPOSITORY}/git/ref/{{ref}}",
    f"get {REPOSITORY}/git/trees/{{tree_sha}}",
    f"post {REPOSITORY}/git/commits",
    f"post {REPOSITORY}/git/refs",
    f"patch {REPOSITORY}/git/refs/{{ref}}",
    f"post {REPOSITORY}/git/trees",
    f"get {REPOSITORY}/issues/{{issue_number}}/comments",
    f"post {REPOSITORY}/issues/{{issue_number}}/comments",
    f"get {REPOSITORY}/issues/comments/{{comment_id}}",
    f"patch {REPOSITORY}/issues/comments/{{comment_id}}",
    f"delete {REPOSITORY}/issues/comments/{{comment_id}}",
    f"get {REPOSITORY}/pulls",
    f"get {REPOSITORY}/pulls/{{pull_number}}",
    f"get {REPOSITORY}/pulls/{{pull_number}}/commits",
    f"get {REPOSITORY}/pulls/{{pull_number}}/files",
    f"get {REPOSITORY}/rules/branches/{{branch}}",
    f"get {REPOSITORY}/rulesets",
    f"get {REPOSITORY}/rulesets/{{ruleset_id}}",
    f"get {REPOSITORY}/environments/{{environment_name}}",
]
"""The requests that a run, a publication, the record and a look at the protection may make."""
WEBHOOKS = {
    "pull_request": [
        "pull-request-opened",
        "pull-request-synchronize",
        "pull-request-reopened",
        "pull-request-ready-for-review",
        "pull-request-edited",
    ],
    "merge_group": ["merge-group-checks-requested"],
    "push": ["push"],
    "workflow_dispatch": ["workflow-dispatch"],
    "workflow_run": ["workflow-run-completed"],
}
EXAMPLE_OF = {"pull_request": "synchronize", "merge_group": "checks_requested", "workflow_run": "completed"}

WORDS = {
    "discriminator",
    "description",
    "summary",
    "example",
    "examples",
    "externalDocs",
    "title",
    "deprecated",
    "default",
}
SERVERS = ("api.github.com", "ghes-3.17", "ghes-3.18", "ghes-3.19")
JSON = Any


def main(folder: Path) -> None:
    """Write both slices."""
    description = member(folder, "octokit-openapi-2", "generated/api.github.com.json")
    cutter = Cutter(description["components"])
    operations = {name: cutter.operation(description["paths"], name) for name in OPERATIONS}
    write(
        "openapi.json",
        {
            "source": f"@octokit/openapi {description['info']['version']}, MIT",
            "operations": operations,
            "$defs": cutter.definitions,
        },
    )
    write("rulesets.json", {name: new_ruleset(folder, name) for name in SERVERS})
    hooks = member(folder, "octokit-openapi-webhooks-", "generated/api.github.com.json")
    cutter = Cutter(hooks["components"])
    schemas = {
        name: [cutter.body(hooks["webhooks"][hook]["post"]) for hook in names]
        for name, names in WEBHOOKS.items()
    }
    examples = member(folder, "octokit-webhooks-examples-", "api.github.com/index.json")
    write(
        "webhooks.json",
        {
            "source": f"@octokit/openapi-webhooks {hooks['info']['version']}, "
            "examples of @octokit/webhooks-examples, MIT",
            "schemas": schemas,
            "examples": {name: example(examples, name) for name in WEBHOOKS},
            "$defs": cutter.definitions,
        },
    )


def new_ruleset(folder: Path, server: str) -> JSON:
    """The schema of a ruleset that is created or imported."""
    description = member(folder, "octokit-openapi-2", f"generated/{server}.json")
    cutter = Cutter(description["components"])
    operation = cutter.operation(description["paths"], f"post {REPOSITORY}/rulesets")
    return {**operation["body"], "$defs": cutter.definitions}


def member(folder: Path, prefix: str, name: str) -> JSON:
    """One JSON file of the npm archive whose name starts like that."""
    (archive,) = folder.glob(f"{prefix}*.tgz")
    with tarfile.open(archive) as packed:
        file = packed.extractfile(f"package/{name}")
        assert file is not None
        return json.load(file)


def write(name: str, value: JSON) -> None:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    (HERE / name).write_text(text.replace('},"', '},\n"') + "\n")


def example(examples: JSON, name: str) -> JSON:
    (event,) = (each for each in examples if each["name"] == name)
    wanted = EXAMPLE_OF.get(name)
    fitting = [each for each in event["examples"] if wanted is None or each["action"] == wanted]
    return fitting[-1]


class Cutter:
    """Follows references from the operations and keeps what they reach."""

    def __init__(self, components: JSON) -> None:
        self.components = components
        self.definitions: dict[str, JSON] = {}

    def operation(self, paths: JSON, name: str) -> JSON:
        verb, path = name.split(" ")
        given = paths[path][verb]
        return {
            "parameters": [self.parameter(each) for each in given.get("parameters", [])],
            "body": self.body(given) if "requestBody" in given else None,
            "answers": {status: self.answer(each) for status, each in given["responses"].items()},
        }

    def parameter(self, given: JSON) -> JSON:
        given = self.resolved(given)
        schema = self.schema(given["schema"])
        return {
            "name": given["name"],
            "in": given["in"],
            "required": given.get("required", False),
            "schema": schema,
        }

    def body(self, given: JSON) -> JSON:
        content = self.resolved(given["requestBody"])["content"]
        return self.schema(content["application/json"]["schema"])

    def answer(self, given: JSON) -> JSON:
        content = self.resolved(given).get("content", {})
        return self.schema(content["application/json"]["schema"]) if "application/json" in content else None

    def resolved(self, given: JSON) -> JSON:
        if "$ref" not in given:
            return given
        _, _, kind, name = given["$ref"].split("/")
        return self.components[kind][name]

    def schema(self, given: JSON, *, closed: bool = True) -> JSON:
        """The same schema in JSON Schema's own words, references followed, prose dropped."""
        if "$ref" in given:
            return self.reference(given["$ref"].rsplit("/", 1)[1])
        kept = {key: self.keyword(key, value) for key, value in given.items() if key not in WORDS}
        kept = {key: value for key, value in kept.items() if not key.startswith("x-")}
        own = "properties" in kept
        for key in ("allOf", "anyOf", "oneOf"):
            if key in given:
                kept[key] = [self.member(each, closed=key != "allOf" and not own) for each in given[key]]
        if "allOf" in kept:
            kept["unevaluatedProperties"] = False
        if own and closed:
            kept.setdefault("additionalProperties", False)
        return nullable(kept)

    def member(self, given: JSON, *, closed: bool) -> JSON:
        """A part of a composition; where the parts add up, each one stays open."""
        return self.schema(given if closed else self.resolved(given), closed=closed)

    def keyword(self, key: str, value: JSON) -> JSON:
        if key == "properties":
            return {name: self.schema(each) for name, each in value.items()}
        if key in {"items", "not"} or (key == "additionalProperties" and isinstance(value, dict)):
            return self.schema(value)
        return value

    def reference(self, name: str) -> JSON:
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = self.schema(self.components["schemas"][name])
        return {"$ref": f"#/$defs/{name}"}


def nullable(schema: JSON) -> JSON:
    """OpenAPI 3.0 says `nullable: true` where JSON Schema says a type of null."""
    if not schema.pop("nullable", False):
        return schema
    if isinstance(schema.get("type"), str) and not {"allOf", "anyOf", "oneOf"} & set(schema):
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
