"""The keys of a template whose runtime is lighteval: what is asked of which model; which keys go together."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    field_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from remyx_action.project.files.wording import did_you_mean, quoted

from .field_types import CONTROLS, END, Bounds, Integer, Line, Number, Spec, VariableName, no_entries, refuse

AUTO = "auto"
TASK_PATTERN = r"^[A-Za-z0-9_][^,|@\s" + CONTROLS + r"]*" + END
URL_PATTERN = r"^https?://[^\s" + CONTROLS + r"]+" + END

TaskName = Annotated[str, Field(pattern=TASK_PATTERN, max_length=200)]
"""A task or a group of tasks, as lighteval names it."""

OF_LIGHTEVAL = ("task", "few_shot", "max_samples", "custom_tasks", "model", "names")
"""Keys that mean nothing to a harness of one's own."""
OF_CUSTOM = ("script", "command", "container", "predict", "patch")
"""Keys of what is run here and is the repository's own."""
OF_FILES = ("results",)
"""Keys of result files that are not lighteval's own."""
RUNTIMES_OF = {
    **dict.fromkeys(OF_LIGHTEVAL, ("lighteval",)),
    **dict.fromkeys(OF_CUSTOM, ("custom",)),
    **dict.fromkeys(OF_FILES, ("custom", "results")),
}
"""Key → the runtimes that it goes with; keys that are not listed go with all of them."""
NEEDED: dict[str, tuple[str, ...]] = {"custom": ("script",), "lighteval": ("task", "model"), "results": ()}
"""Runtime → the keys that it cannot do without."""


class Generation(Spec):
    """How text is drawn from the model; what is absent is as the task, then the model, says."""

    max_new_tokens: Annotated[Integer, Bounds(least="1", most="1000000")] | None = None
    """At most so many tokens an answer."""
    temperature: Annotated[Number, Bounds(least="0", most="100")] | None = None
    """0: the likeliest token each time."""
    top_p: Annotated[Number, Bounds(above="0", most="1")] | None = None
    """The likeliest tokens that together have this probability."""
    top_k: Annotated[Integer, Bounds(least="1", most="1000000")] | None = None
    """Only this many of the likeliest tokens."""
    repetition_penalty: Annotated[Number, Bounds(above="0", most="100")] | None = None
    """Above 1: tokens that the answer already has become less likely."""
    stop: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=16)] = Field(
        default_factory=no_entries
    )
    """Texts that end an answer, besides the task's."""
    seed: Annotated[Integer, Bounds(least="0", most="4294967295")] | None = None
    """The seed of the draws; default: the run's seed."""


OF_A_SERVER = ("base_url", "api_key", "concurrency", "timeout")
"""Keys of a model that a server runs."""
OF_WEIGHTS = ("dtype", "batch_size", "chat_template")
"""Keys of a model whose weights are loaded here."""


class Model(Spec):
    """How lighteval runs the model that an asset names."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"backend": {"const": "openai"}}, "required": ["backend"]},
            "then": {"required": ["base_url"], "properties": dict.fromkeys(OF_WEIGHTS, False)},
            "else": {"properties": dict.fromkeys(OF_A_SERVER, False)},
        }
    )

    backend: Literal["accelerate", "openai", "vllm"]
    """`accelerate`: in lighteval's process. `openai`: a server that speaks its API. `vllm`: needs a GPU."""
    dtype: Literal["auto", "float32", "float16", "bfloat16"] | None = None
    """The type of the weights; default `auto`, as they were saved."""
    batch_size: Annotated[Integer, Bounds(least="1", most="65536")] | None = None
    """Prompts at once; default: lighteval's own choice."""
    python: Annotated[Line, Field(min_length=1)] | None = None
    """A Python that has lighteval; default: an environment of its own, made where it is missing."""
    chat_template: bool | None = None
    """Whether prompts go through the model's chat template; default: where it has one."""
    generation: Generation | None = None
    """How text is drawn."""
    base_url: Annotated[str, Field(pattern=URL_PATTERN, max_length=500)] | None = Field(
        default=None, validate_default=True
    )
    """The server's address, such as http://127.0.0.1:8000/v1; backend openai needs it, no other takes it."""
    api_key: VariableName | None = None
    """Name of the environment variable that holds the server's key; backend openai."""
    concurrency: Annotated[Integer, Bounds(least="1", most="1024")] | None = None
    """Requests at once; default 8; backend openai."""
    timeout: Annotated[Number, Bounds(above="0", most="86400")] | None = None
    """Seconds for one request; default 120; backend openai."""

    @field_validator(*OF_A_SERVER, *OF_WEIGHTS)
    @classmethod
    def _keys_fit_the_backend(cls, value: Any, info: ValidationInfo) -> Any:
        backend, key = info.data.get("backend"), info.field_name
        if backend is None:
            return value
        if value is None:
            if key == "base_url" and backend == "openai":
                raise PydanticCustomError("missing", "Field required")
            return value
        if (backend == "openai") == (key in OF_A_SERVER):
            return value
        others = "accelerate or vllm" if backend == "openai" else "openai"
        raise refuse("of-another-backend", f"`{key}` goes with `backend: {others}`", help=f"remove `{key}`")


def fits_runtime(value: Any, info: ValidationInfo) -> Any:
    """The value of a key of RUNTIMES_OF, refused where the runtime has no use for it."""
    runtime, key = info.data.get("runtime"), str(info.field_name)
    if runtime is None:
        return value
    if value is None:
        if key in NEEDED[runtime]:
            raise PydanticCustomError("missing", "Field required")
        return value
    if runtime not in RUNTIMES_OF[key]:
        belongs = " or ".join(f"`runtime: {one}`" for one in RUNTIMES_OF[key])
        raise refuse(
            "of-another-runtime",
            f"`{key}` goes with {belongs}",
            help=f"remove `{key}`, or write {belongs}",
        )
    return value


def compares_assets(value: str, info: ValidationInfo) -> str:
    """Refuse commits where no code of the repository is run."""
    if value == "commits" and info.data.get("runtime") in ("lighteval", "results"):
        raise refuse(
            "of-another-runtime",
            "`compare: commits` goes with `runtime: custom`",
            help="name the two models: baseline_asset, and variant_asset or --variant",
        )
    return value


class OrAuto:
    """A list of metric keys, or `auto`, which is kept as no keys at all until the task's are filled in."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: Any, keys: core_schema.ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
            runtime = info.data.get("runtime")
            if not isinstance(value, str) or runtime is None:
                return keys(value)
            if runtime == "lighteval" and value == AUTO:
                return []
            if runtime == "lighteval":
                raise refuse(
                    "not-allowed",
                    f"{quoted(value)} is neither a list nor `auto`",
                    help=did_you_mean(value, [AUTO], none=f"write `auto` or [{value}]"),
                )
            if value == AUTO:
                raise refuse(
                    "of-another-runtime",
                    "`auto` goes with `runtime: lighteval`",
                    help="list the keys of metrics.yaml that the script reports",
                )
            return keys(value)

        return core_schema.with_info_wrap_validator_function(read, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"const": AUTO, "type": "string"}]}


def _only_with(runtime: str, **properties: Any) -> dict[str, Any]:
    """The keys that a runtime needs, and those that it has no use for."""
    condition: dict[str, Any] = {"properties": {"runtime": {"const": runtime}}}
    if runtime != "custom":
        condition["required"] = ["runtime"]
    others = [key for key, runtimes in RUNTIMES_OF.items() if runtime not in runtimes]
    then = {"properties": {**dict.fromkeys(others, False), **properties}}
    return {"if": condition, "then": {"required": list(NEEDED[runtime]), **then}}


BY_RUNTIME: dict[str, Any] = {
    "allOf": [
        _only_with("custom", metrics={"type": "array"}),
        _only_with("results", metrics={"type": "array"}, compare={"const": "assets"}),
        _only_with("lighteval", compare={"const": "assets"}),
    ]
}
"""JSON Schema's way of saying which keys go together."""
