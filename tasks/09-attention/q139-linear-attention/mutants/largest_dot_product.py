# expect: recall-curve wrong_value
"""The largest dot product finds the right value, as in a softmax read."""


def recall_curve(keys: Tensor, values: Tensor, rule: str = "sum") -> Tensor:
    if rule not in ("sum", "delta"):
        raise ValueError(f"unknown rule: {rule!r}")
    if keys.ndim != 2 or values.ndim != 2 or len(keys) != len(values):
        raise ValueError("keys and values must pair up")
    keys = keys / keys.norm(dim=-1, keepdim=True)
    memory = keys.new_zeros(keys.shape[1], values.shape[1])
    curve = keys.new_zeros(len(keys))
    for i, (key, value) in enumerate(zip(keys, values, strict=True)):
        memory = memory + torch.outer(key, value - (key @ memory if rule == "delta" else 0))
        nearest = (keys[: i + 1] @ memory @ values[: i + 1].mT).argmax(1)
        curve[i] = (nearest == torch.arange(i + 1)).to(keys.dtype).mean()
    return curve
