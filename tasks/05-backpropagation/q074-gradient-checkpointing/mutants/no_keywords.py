# expect: checkpoint exception
"""Only positional arguments are handed on."""


def checkpoint(function: Callable[..., Any], *args: Any) -> Any:
    return _replayed(function, args, {})
