# expect: recall-curve wrong_value
"""Writing is adding, so both rules leave the same memory."""


def recall_curve(keys: Tensor, values: Tensor, rule: str = "sum") -> Tensor:
    if rule not in ("sum", "delta"):
        raise ValueError(f"unknown rule: {rule!r}")
    if keys.ndim != 2 or values.ndim != 2 or len(keys) != len(values):
        raise ValueError("keys and values must pair up")
    keys = keys / keys.norm(dim=-1, keepdim=True)
    memory = keys.new_zeros(keys.shape[1], values.shape[1])
    curve = keys.new_zeros(len(keys))
    for i, (key, value) in enumerate(zip(keys, values, strict=True)):
        memory = memory + torch.outer(key, value)
        curve[i] = _recalled(keys[: i + 1] @ memory, values[: i + 1])
    return curve
