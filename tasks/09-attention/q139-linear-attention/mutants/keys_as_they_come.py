# expect: recall-curve wrong_value
"""The length of a key says how strongly to write and read, so it is kept."""


def recall_curve(keys: Tensor, values: Tensor, rule: str = "sum") -> Tensor:
    if rule not in ("sum", "delta"):
        raise ValueError(f"unknown rule: {rule!r}")
    if keys.ndim != 2 or values.ndim != 2 or len(keys) != len(values):
        raise ValueError("keys and values must pair up")
    memory = keys.new_zeros(keys.shape[1], values.shape[1])
    curve = keys.new_zeros(len(keys))
    for i, (key, value) in enumerate(zip(keys, values, strict=True)):
        memory = memory + torch.outer(key, value - (key @ memory if rule == "delta" else 0))
        curve[i] = _recalled(keys[: i + 1] @ memory, values[: i + 1])
    return curve
