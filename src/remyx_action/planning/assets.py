"""The asset of each arm: what the template, the command line and a pull request's files name."""

from __future__ import annotations

from collections.abc import Mapping

from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.planning.plan import Arm
from remyx_action.specs import Template


def choose_variant(flag: str | None, named: Mapping[str, str]) -> str:
    """The variant's asset: the flag's, else the only one that files name (place → asset).

    NotJudged `no_variant` where nothing names one, or several places name different ones.
    """
    if flag is not None:
        return flag
    if not named:
        raise NotJudged(
            "no_variant: nothing names the variant to judge",
            help="pass --variant ASSET, or name it in the template's variant_asset file or an experiment",
        )
    if len(set(named.values())) > 1:
        listed = ", ".join(f"{asset} ({place})" for place, asset in named.items())
        raise NotJudged(
            f"no_variant: several variants are named: {listed}", help="choose one with --variant ASSET"
        )
    return next(iter(named.values()))


def choose_assets(template: Template, *, baseline: str | None, variant: str | None) -> Mapping[Arm, str]:
    """The asset of each arm; `baseline` overrides the template's.

    NotJudged `no_variant` without a variant, `same_asset` where both are one; under `compare: commits`
    both arms have the same asset, which may be empty, and a variant is WrongUsage.
    """
    standing = baseline if baseline is not None else template.baseline_asset
    if template.compare == "commits":
        if variant is not None:
            raise WrongUsage(
                f"template {template.name} compares commits, so it has no variant asset",
                help="name the commits with --base REF and --head REF",
            )
        return {"baseline": standing or "", "variant": standing or ""}
    if variant is None:
        choose_variant(None, {})
    if template.baseline == "recorded":
        return {"variant": variant or ""}
    if standing is None:
        raise NotJudged(
            f"template {template.name} names no baseline_asset",
            help="add baseline_asset to the template, or pass --baseline ASSET",
        )
    if standing == variant:
        raise NotJudged(
            f"same_asset: baseline and variant are both {standing}",
            help="name another asset with --variant ASSET",
        )
    return {"baseline": standing, "variant": variant or ""}
