"""The model of an arm, as lighteval wants it: its configuration, and the model itself."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .loading import LocatedModel
from .openai_model import Server, openai_model
from .specification import ModelSpecification, RefusedError

CPU_BATCH = 8
"""Documents at once where nobody says: lighteval tries 512 first, and a CPU machine has no memory for it."""

VLLM_MISSING = (
    "the backend vllm needs vllm>=0.10.0,<0.10.2 beside lighteval: install `lighteval[vllm]` into an "
    "environment of a machine with a GPU, and name its Python as model.python"
)


def check(model: ModelSpecification) -> None:
    """Refuse what needs no loading to be refused."""
    if model.backend == "vllm" and importlib.util.find_spec("vllm") is None:
        raise RefusedError(VLLM_MISSING)
    if model.backend == "openai":
        Server.of(model, key=_key(model))


def generation_parameters(model: ModelSpecification, *, seed: int) -> dict[str, Any]:
    """Keywords of lighteval's GenerationParameters.

    Without `max_new_tokens`: given there, accelerate cuts the *prompt* to that length and generates as
    long as the task says. It goes into the documents instead (evaluating.py), as `stop` does.
    """
    given = {name: value for name, value in model.generation.items() if value is not None}
    given.pop("max_new_tokens", None)
    given.pop("stop", None)
    return {"seed": seed, "temperature": 0, **given}


def config_of(model: ModelSpecification, located: LocatedModel, *, seed: int, cache: Path) -> Any:
    """lighteval's configuration of the model; its cache is a folder that is empty."""
    from lighteval.models.model_input import GenerationParameters

    common = {
        "model_name": located.name,
        "cache_dir": str(cache),
        "generation_parameters": GenerationParameters(**generation_parameters(model, seed=seed)),
    }
    if model.backend == "openai":
        from lighteval.models.abstract_model import ModelConfig

        return ModelConfig(**common)
    common["revision"] = model.revision or "main"
    if model.chat_template is not None:  # lighteval's default is None, which it does not take
        common["override_chat_template"] = model.chat_template
    if model.backend == "vllm":
        return _vllm_config(common, model, seed=seed)
    return _transformers_config(common, model)


def _transformers_config(common: Mapping[str, Any], model: ModelSpecification) -> Any:
    import torch
    from lighteval.models.transformers.transformers_model import TransformersModelConfig

    batch = model.batch_size or (None if torch.cuda.is_available() else CPU_BATCH)
    return TransformersModelConfig(**common, dtype=model.dtype, batch_size=batch, trust_remote_code=False)


def _vllm_config(common: Mapping[str, Any], model: ModelSpecification, *, seed: int) -> Any:
    from lighteval.models.vllm.vllm_model import VLLMModelConfig

    batch = {"max_num_seqs": model.batch_size} if model.batch_size else {}
    return VLLMModelConfig(**common, **batch, dtype=model.dtype, seed=seed, trust_remote_code=False)


def load(model: ModelSpecification, config: Any) -> Any:
    """The model. Raises RefusedError where it cannot be had."""
    if model.backend == "openai":
        return openai_model(config, model, Server.of(model, key=_key(model)))
    from lighteval.models import model_loader

    _without_asking_the_hub(config)
    try:
        loaded = model_loader.load_model(config)
    except OSError as error:
        raise RefusedError(f"the model {model.name} cannot be loaded: {error}") from error
    sampling = model.generation.get("temperature", 0) > 0
    if sampling and hasattr(loaded, "generation_config_dict"):
        # transformers samples only where do_sample is set; a temperature alone changes nothing
        loaded.generation_config_dict["do_sample"] = True
    return loaded


def _without_asking_the_hub(config: Any) -> None:
    """A model's commit is read from what was loaded; a local one has none, and its name is nobody's."""
    if hasattr(type(config), "get_model_sha"):
        type(config).get_model_sha = lambda _: ""


def _key(model: ModelSpecification) -> str | None:
    if model.api_key is None:
        return None
    key = os.environ.get(model.api_key)
    if not key:
        raise RefusedError(f"the variable {model.api_key}, which model.api_key names, is not set")
    return key


def revision_of(loaded: Any, located: LocatedModel) -> str | None:
    """The hub's commit of a loaded model, or the digest of its files."""
    commit = getattr(getattr(loaded, "transformers_config", None), "_commit_hash", None)
    return located.revision or commit
