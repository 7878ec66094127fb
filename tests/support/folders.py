"""A folder in memory, as readers are handed one."""

from collections.abc import Iterator, Mapping, Sequence


class MemoryFolder:
    """Files by path; a parquet file is the JSON Lines of its rows."""

    def __init__(self, files: Mapping[str, bytes | str]) -> None:
        self._files = files

    def __call__(self, name: str) -> Iterator[bytes]:
        content = self._files.get(name)
        if content is None:
            raise FileNotFoundError(name)
        yield content.encode() if isinstance(content, str) else content

    def names(self) -> Sequence[str]:
        return sorted(self._files)

    def parquet(self, name: str, columns: Sequence[str]) -> Iterator[bytes]:
        assert columns
        return self(name)
