"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

ResultFormat = Literal["text", "json"]
CheckFormat = Literal["text", "json", "github", "sarif"]
Shape = Literal["comment", "summary", "text", "page", "junit"]
FormatOption = Annotated[ResultFormat, typer.Option("--format", help="text for people, json for scripts.")]
PageFormat = Annotated[
    Literal["text", "json", "page"], typer.Option("--format", help="text, json, or an HTML page.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also every condition and the provenance.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only the headline.")]
TemplateName = Annotated[str | None, typer.Option(metavar="NAME", help="Measure by this template only.")]
PolicyName = Annotated[str | None, typer.Option(metavar="NAME", help="Judge by this policy only.")]
VariantAsset = Annotated[str | None, typer.Option(metavar="ASSET", help="What is proposed.")]
ExperimentName = Annotated[
    str | None, typer.Option("--experiment", metavar="NAME", help="Measure what this experiment proposes.")
]
BaselineAsset = Annotated[
    str | None, typer.Option(metavar="ASSET", help="What it is compared with; default: the template's.")
]
BaseCommit = Annotated[
    str | None,
    typer.Option(
        metavar="REF", help="Read .remyx/ from this commit; where commits are compared, branch off it."
    ),
]
HeadCommit = Annotated[
    str | None,
    typer.Option(metavar="REF", help="Commit to judge, where commits are compared; default: HEAD."),
]
OutFolder = Annotated[Path, typer.Option(metavar="DIR", help="Where everything is written.")]
JunitFile = Annotated[
    Path | None,
    typer.Option("--junit", metavar="FILE", help="Also write JUnit XML: a case a condition."),
]
KeptFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Where measured baselines are kept between runs; default: kept/ in --out."
    ),
]
SampleCap = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="A quick look at N samples: no ship unless the policy allows it."),
]
ShardName = Annotated[
    str | None,
    typer.Option(metavar="I/N|auto", help="With --measure-only: shard I of N, from 0; auto: a scheduler's."),
]
MeasuredFolder = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Run nothing: judge what --measure-only left in DIR.")
]
MeasureOnly = Annotated[
    bool,
    typer.Option("--measure-only", help="Stop after baseline and variant are measured, without a verdict."),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Measure the baseline, even where one is kept.")]


def root_of(context: typer.Context) -> Path:
    """The project's root: of -C, else the nearest folder with .remyx/."""
    from remyx_action.sources.disk import find_root

    return find_root(context.obj)
