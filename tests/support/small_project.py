"""A small project under judgement: its files as texts, and a harness of the standard library."""

from __future__ import annotations

from pathspec import GitIgnoreSpec

from remyx_action.project.load import load_bundle
from remyx_action.project.lock import HarnessFile, digest_of_harness, lock_as_json, lock_of
from remyx_action.project.protected import harness_globs, protected_paths

METRICS = """version: 1
metrics:
  - key: accuracy
    label: Accuracy
    unit: accuracy
    scores: binary
    baseline: {value: 0.5, n: 400}
"""
TEMPLATE = """version: 1
name: small
script: evaluation/evaluate.py
harness: [evaluation/**]
baseline_asset: half
variant_asset: {file: model.yaml, pointer: /model}
metrics: [accuracy]
samples: 400
timeout: 60
paths: [model.yaml, src/**]
"""
POLICY = """version: 1
name: default
template: small
ship:
  all:
    - {metric: accuracy, op: improves_by, threshold: 0.02, confidence: 0.80}
    - {field: coverage, op: ">=", threshold: 1}
reject:
  any:
    - {metric: accuracy, op: no_regression, threshold: 0.01, confidence: 0.80}
"""
HARNESS = '''"""Scores an asset by its name: how many of 400 samples it gets right."""
import json, os, pathlib, sys

RIGHT = {"half": 200, "better": 260, "slightly": 208, "worse": 100, "trained": 260}
asset = os.environ["REMYX_ASSET"]
if asset not in RIGHT:
    sys.exit(f"no asset {asset}")
rows = [{"id": f"s{i:03}", "score": int(i < RIGHT[asset])} for i in range(400)]
results = {"schema": "remyx-results/1", "metrics": {"accuracy": {"samples": rows}}}
(pathlib.Path(os.environ["REMYX_OUTPUT_DIR"]) / "results.json").write_text(json.dumps(results))
'''
SHARDED = HARNESS.replace(
    "results = {",
    'rows = rows[int(os.environ["REMYX_SHARD"])::int(os.environ["REMYX_SHARDS"])]\nresults = {',
)
"""Scores its shard alone."""


OWNERS = ["@org/leads"]


def model(asset: str) -> str:
    """The file that names the variant."""
    return f"model: {asset}\n"


def locked(files: dict[str, str | None]) -> dict[str, str | None]:
    """The same files and the lock that `remyx-action lock` would write for them."""
    texts = {path: text.encode() for path, text in files.items() if text is not None}
    bundle = load_bundle(texts)
    locks: dict[str, str | None] = {}
    for name, template in bundle.templates.items():
        spec = GitIgnoreSpec.from_lines(f"/{glob}" for glob in harness_globs(template))
        harness = [
            HarnessFile(path=path, mode="100644", content=content)
            for path, content in texts.items()
            if spec.match_file(path)
        ]
        lock = lock_of(
            bundle.vocabulary,
            template,
            bundle.policies,
            digest_of_harness(harness),
            protected=dict.fromkeys(protected_paths(template), OWNERS),
        )
        locks[f".remyx/locks/{name}.json"] = lock_as_json(lock)
    return files | locks


UNLOCKED: dict[str, str | None] = {
    ".remyx/metrics.yaml": METRICS,
    ".remyx/templates/small.yaml": TEMPLATE,
    ".remyx/policies/default.yaml": POLICY,
    "evaluation/evaluate.py": HARNESS,
    "model.yaml": model("half"),
    "README.md": "A small project.\n",
}
FILES = locked(UNLOCKED)
