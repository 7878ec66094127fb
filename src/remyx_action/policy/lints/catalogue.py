"""The warnings of `check`: id, what each one means, and what its figure says. The reference is made of it."""

from __future__ import annotations

from msgspec import Struct

PAGE = "docs/reference/lints.md"


class Lint(Struct, frozen=True, kw_only=True):
    title: str
    """What is warned about, in one line."""
    why: str
    """What goes wrong otherwise."""
    figure: str
    """What the number in the message is, and where it comes from."""
    example: str
    """A line of YAML that is warned about."""
    better: str
    """The same, done better."""


LINTS: dict[str, Lint] = {
    "wrong-side": Lint(
        title="a delta is compared towards the side that is worse",
        why="`delta` is variant minus baseline and is never turned by the metric's direction. On a metric"
        " where lower is better, `delta >= 5` in ship asks for a variant that is worse; in reject, "
        "`delta < -5` throws the improvements out.",
        figure="By how much worse (in ship) or better (in reject) the condition asks the variant to be.",
        example="latency.delta >= 5   # in ship; lower is better",
        better="latency improves_by 5",
    ),
    "cannot-fail": Lint(
        title="a condition is met whatever is measured",
        why="It asks for nothing; mostly a delta was meant, or a percentage. Where the whole ship rule "
        "cannot fail, also by two conditions together, or the reject rule always fires, it is an error.",
        figure="The range of the metric, the largest difference that two values in it can have, or what a "
        "field can be.",
        example="accuracy.value >= 0   # range [0, 1]",
        better="accuracy.delta >= 0",
    ),
    "cannot-hold": Lint(
        title="a condition is not met whatever is measured",
        why="Such a condition is decided before anything is measured. Mostly a percentage was meant. Where "
        "the whole ship rule cannot hold, as with `>= 0.6` and `<= 0.5` in `all`, it is an error.",
        figure="The range of the metric, the largest difference that two values in it can have, or what a "
        "field can be.",
        example="accuracy.delta >= 2   # range [0, 1]",
        better="accuracy.delta >= 0.02",
    ),
    "field-good-side": Lint(
        title="a field rejects where it is good",
        why="`coverage >= 1` in reject throws every complete run out.",
        figure="The field and its threshold.",
        example="reject: {any: [coverage >= 1]}",
        better="reject: {any: [coverage < 1]}",
    ),
    "threshold-unit": Lint(
        title="a threshold on a percentage looks like a fraction",
        why="On a metric in percent, 0.02 is two hundredths of a percentage point: nearly any noise "
        "reaches it.",
        figure="The number of samples of which a single one would make that difference.",
        example='score.delta >= 0.02   # unit: "%"',
        better="score.delta >= 2",
    ),
    "ship-unreachable": Lint(
        title="whatever meets the ship rule also meets the reject rule",
        why="Reject wins, so that this policy can never ship anything.",
        figure="The two thresholds that exclude each other.",
        example="ship asks for delta >= 0.01 while reject fires at delta > 0",
        better="let reject fire on the other side: delta < 0",
    ),
    "reject-without-floor": Lint(
        title="a reject condition looks at the point alone",
        why="The measured difference of two equally good models is rarely zero. Without a floor, noise "
        "rejects.",
        figure="The probability that the rule rejects a variant that is exactly as good as the baseline: "
        "Φ(−|t|·√n/σ) per condition, to the nearest reachable value where the metric has a range, "
        "with σ from the recorded standard error, else 0.44 of the range, and metrics taken as "
        "independent. Four conditions `delta < -0.01` on [0, 1] at n = 300: 79 %.",
        example="accuracy.delta < -0.01   # in reject",
        better="accuracy.delta < -0.01 at 0.80",
    ),
    "looks-without-floor": Lint(
        title="a ship condition has no floor that `looks: corrected` could raise",
        why="Each further look at a pull request raises the floors of ship, so that all looks together err "
        "no more often than one. A condition without a floor is met by luck the more often, the more often "
        "a model is measured.",
        figure="The probability that an unchanged model meets the condition at one look, as for "
        "`reject-without-floor`, and at one of 5 independent looks.",
        example="accuracy.delta >= 0.02   # in ship, with looks: corrected",
        better="accuracy.delta >= 0.02 at 0.80",
    ),
    "cannot-pass": Lint(
        title="a ship condition cannot hold, however good the variant is",
        why="The baseline leaves no room for the improvement, or the declared `samples` are too few for "
        "the floor: every run would end in iterate.",
        figure="The largest improvement that is left, or the highest confidence that the best imaginable "
        "variant reaches at the declared number of samples. Under `looks: corrected` the floor is that "
        "of the first look.",
        example="accuracy improves_by 0.02 at 0.95   # samples: 4",
        better="declare and run more samples, or lower the floor",
    ),
    "wide-range": Lint(
        title="the range is so wide for so few samples that a guard fails variants that change nothing",
        why="Confidence is held back by two imagined samples at the ends of the range, so that few "
        "identical samples are not mistaken for certainty. A range far wider than the scores makes "
        "them dominate.",
        figure="The confidence that a variant with the very same scores reaches at the declared number of "
        "samples, and the number of samples from which it passes. 20 identical pairs on [0, 1] have "
        "0.56 for `no_regression 0.01`.",
        example="accuracy no_regression 0.01 at 0.80   # samples: 20",
        better="declare the narrowest range that holds every score, or run more samples",
    ),
    "floors-not-shared": Lint(
        title="several floors under `any` or `at_least` are not shared",
        why="Each condition may be wrong once in 1/(1 − c) times, and one wrong condition is enough. "
        "`floors: shared` raises the floors so that the rule as a whole keeps what is written.",
        figure="1 − c^f, how often the rule may claim wrongly where f conditions that do not hold can each "
        "make it true. Four at 0.80 under `any`: 59 %; `at_least: 3` of 4: 36 %.",
        example="any: [four conditions with confidence: 0.80]",
        better="add `floors: shared`",
    ),
    "metric-in-no-rule": Lint(
        title="a metric is measured and stands in no rule",
        why="It costs a run and decides nothing, or it was forgotten.",
        figure="How many of the template's metrics stand in no rule of the policy.",
        example="metrics: [accuracy, latency], and rules that name accuracy only",
        better="latency no_regression 5",
    ),
    "metric-without-guard": Lint(
        title="a metric of the ship rule may become worse without end",
        why="Where a rule needs only some of its conditions, the others may fail by any amount.",
        figure="By how much the metric may become worse: its range, or no limit.",
        example="at_least: 3 with four conditions, and no reject rule",
        better="reject: {any: [KEY no_regression 0.01 at 0.80]}",
    ),
    "locked-needs-a-token": Lint(
        title="a ship needs a proven lock, which a job's own token cannot prove",
        why="`require_lock: locked` asks GitHub for the rules of the branch and for whoever may bypass them. "
        "The list of those is left out of what a job's own token is answered, and what is not known is no "
        "proof: with that token every ship is capped at iterate, `not_locked`.",
        figure="None.",
        example="require_lock: locked   # and no `token` in the workflow",
        better="token: ${{ secrets.RULES_TOKEN }}   # in the workflow, and silence this",
    ),
    "notes-say-k-of-n": Lint(
        title="the notes say `k of n` and no rule does",
        why="People read the notes, the judge reads the rules. `all` and `any` cannot say `3 of 4`.",
        figure="The k and n of the notes.",
        example='notes: "3 of 4 benchmarks must gain."   # ship: all',
        better="ship: {at_least: 3, of: [four conditions], floors: shared}",
    ),
    "changes-by-chance": Lint(
        title="a count of changed samples that noise alone decides",
        why="A model that did not change still answers some samples otherwise: one in a hundred, say, half "
        "of them for the worse. `worse` then rejects it, and `better` alone is no evidence of a gain.",
        figure="The probability that so many samples change to that side in an unchanged model, each with "
        "1 in 200, at the declared number of samples (else 300). `worse <= 3` of 1,000: 26 %.",
        example="worse(accuracy) <= 3   # samples: 1000",
        better="worse(accuracy) <= 7",
    ),
    "nothing-starts-it": Lint(
        title="no file of a pull request names the variant that `paths` are about",
        why="Under `compare: assets` a pull request is evaluated where it names an asset: in the file of "
        "`variant_asset`, or in an experiment. Without either, every one that touches `paths` ends in "
        "`no_variant`.",
        figure="None.",
        example='paths: ["src/**"]   # neither `variant_asset` nor an experiment',
        better="variant_asset: {file: model.yaml, pointer: /model}",
    ),
    "commits-without-paths": Lint(
        title="every pull request is a full run",
        why="Under `compare: commits` a template without `paths` is about every file, so that an edit of a "
        "README measures baseline and variant.",
        figure="None.",
        example="compare: commits   # and no `paths`",
        better='paths: ["src/**", "requirements.txt"]',
    ),
    "shards-without-samples": Lint(
        title="a template is cut into parts, and says nothing of how many samples they have together",
        why="A harness that ignores its shard scores every sample on every machine. Where `samples` is "
        "declared, the first run that holds all of them ends its job; where it is not, mostly the parts must "
        "be paid for before they are seen to overlap.",
        figure="How many parts the template has.",
        example="shards: 8   # and no `samples`",
        better="samples: 5000",
    ),
    "one-samples-number": Lint(
        title="one number of samples for metrics of different size",
        why="A metric that has fewer samples than are expected is never complete, and one that has more may "
        "lose some unseen.",
        figure="The number of samples of each recorded baseline.",
        example="samples: 5000   # baselines with n: 5000 and n: 400",
        better="samples: {accuracy: 5000, space: 400}",
    ),
    "samples-beyond-baseline": Lint(
        title="more samples are expected than the baseline has",
        why="A verdict of fewer samples than `samples` says is `incomplete` and never ships. One of both "
        "numbers is not right, or every run will miss some.",
        figure="Both numbers: the template's, and the `n` of the baseline in metrics.yaml.",
        example="samples: 100   # baseline: {value: 0.4, stderr: 0.07, n: 50}",
        better="samples: 50",
    ),
    "harness-leaves-out": Lint(
        title="the script names files that `harness` does not",
        why="What the script reads decides about the scores like the script does: labels, prompts, modules. "
        "Outside of `harness`, which is the script alone where it is not written, it is neither digested nor "
        "protected, and a pull request may change it together with its variant.",
        figure="None.",
        example='script: evaluate.py   # which says open("data/labels.json")',
        better='harness: [evaluate.py, "data/**"]',
    ),
    "dockerfile-beyond-harness": Lint(
        title="a Dockerfile copies files that `harness` does not name",
        why="What is copied into the image gives the scores. Outside of `harness` it is neither digested "
        "nor protected.",
        figure="The line of the Dockerfile.",
        example="COPY src/ /app/src/   # harness: [evaluation/**]",
        better='harness: ["evaluation/**", "src/**"]',
    ),
}
"""By id; the ids are stable and are what `silence:` names."""
