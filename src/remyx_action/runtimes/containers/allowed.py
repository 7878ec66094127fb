"""What a container may do: the plan's limits as the engine's host configuration."""

from __future__ import annotations

from typing import Any

from remyx_action.planning.container import INSIDE, ContainerPlan

from .freight import TOTAL_CAP_BYTES

NOBODY = "65532:65532"
"""The user of an image that names none, or root: nobody's number on any usual system."""
_LEAST_BYTES = 64 * 1024 * 1024
_ROOT = {"", "0", "root"}


def host_config(api: Any, plan: ContainerPlan, engine_bytes: int) -> Any:
    """For `create_container`; `engine_bytes` is the memory of the engine's machine, 0 where it is unknown."""
    import docker

    memory = plan.memory_bytes or max(int(engine_bytes * plan.memory_share), _LEAST_BYTES)
    gpus = -1 if plan.gpus == "all" else plan.gpus
    requests = [docker.types.DeviceRequest(count=gpus, capabilities=[["gpu"]])] if gpus else None
    return api.create_host_config(
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        init=True,
        network_mode=plan.network,
        mem_limit=memory,
        memswap_limit=memory,  # the same: no swap beside it
        shm_size=memory // 2,  # counts as memory; the engine's own 64 MiB stop loaders of data
        pids_limit=plan.pids,
        ulimits=[docker.types.Ulimit(name="fsize", soft=TOTAL_CAP_BYTES, hard=TOTAL_CAP_BYTES)],
        nano_cpus=None if plan.cpus is None else int(plan.cpus * 1e9),
        tmpfs=dict.fromkeys(plan.tmpfs, "rw,nosuid,nodev,exec,mode=1777"),
        mounts=[docker.types.Mount(target=INSIDE, source=None, type="volume")],
        device_requests=requests,
        log_config=docker.types.LogConfig(type="none"),  # heard as it comes; no copy fills the engine's disk
    )


def user_of(plan: ContainerPlan, image: Any) -> str:
    """Who runs the container; `image` are the engine's facts about it."""
    declared = str((image.get("Config") or {}).get("User") or "")
    if plan.user is not None:
        return plan.user
    return NOBODY if declared.partition(":")[0] in _ROOT else declared
