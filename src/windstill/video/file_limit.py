"""How large a file this process may write, so that what can't fit is refused before it is made."""

from __future__ import annotations

from windstill.errors import InvalidOption

try:
    import resource
except ModuleNotFoundError:  # pragma: no cover - Windows has no such limit
    _LIMIT = None
else:
    _LIMIT = resource.RLIMIT_FSIZE


def check_fits(size: float, what: str, advice: str, *, field: str) -> None:
    """Raises `InvalidOption` where a file of `size` bytes is larger than may be written.

    what: the file, as the beginning of a sentence. advice: what would make it smaller. field: the
    option that it is about.
    """
    if _LIMIT is None:
        return
    most, _ = resource.getrlimit(_LIMIT)
    if most != resource.RLIM_INFINITY and size > most:
        raise InvalidOption(
            f"{what} would take about {size / 1e6:,.0f} MB; at most {most / 1e6:,.0f} MB can be "
            f"written here. Choose {advice}.",
            field=field,
        )
