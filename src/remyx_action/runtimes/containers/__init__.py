"""Arms in containers, through any engine that speaks Docker's API; all that was made is removed."""

from .runtime import ContainerRuntime

__all__ = ["ContainerRuntime"]
