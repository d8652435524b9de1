# expect: checkpoint wrong_value
"""The function is simply called, and autograd keeps all it wants."""


def checkpoint(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)
