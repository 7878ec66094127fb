"""The script, run once on the baseline, so that what it leaves says how it is read."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from remyx_action.commands.run.context import Context
from remyx_action.commands.run.evaluation import Evaluation
from remyx_action.commands.run.measure import measure_arms
from remyx_action.commands.run.project import Project
from remyx_action.commands.run.request import Request, World
from remyx_action.errors import FilesWrong, NotJudged
from remyx_action.project.load import load_bundle
from remyx_action.sources.disk import prepare_output
from remyx_action.sources.git import Sources

from .answers import Answers, Contents, MetricAnswer
from .result_files import contents_of_output
from .texts import texts_of

GO_ON = "correct it with `<`, or answer `no` and say what it reports"
ANYTHING = MetricAnswer(key="anything", unit="")
"""A metric that stands in until those of the script are known."""


def try_out(root: Path, answers: Answers, world: World) -> Contents:
    """Run the script as a run would; return what it left. NotJudged where it fails or leaves no score."""
    texts = {
        path: text.encode()
        for path, text in texts_of(answers, metrics=(ANYTHING,)).items()
        if not path.startswith(".remyx/policies/")
    }
    bundle = load_bundle(texts)
    if bundle.errors:
        raise FilesWrong(bundle.errors, texts)
    [template] = bundle.templates.values()
    project = Project(root=root, source="working tree", bundle=bundle, texts=texts)
    with TemporaryDirectory(prefix="remyx-init-", ignore_cleanup_errors=True) as folder:
        request = Request(root=root, out=Path(folder) / "out")
        context = Context(project=project, harness=root, choices=(), variant_of=lambda _template: None)
        with prepare_output(request.out) as output:
            evaluation = Evaluation(
                context=context,
                template=template,
                request=request,
                output=output,
                sources=Sources(),
                world=world,
            )
            arm = measure_arms(evaluation, {"baseline": answers.baseline_asset})["baseline"].report
            found = contents_of_output(output.arm("baseline"))
    if found is None:
        raise NotJudged(f"no score was found: {arm.detail or 'it left nothing'}", help=GO_ON)
    return found
