# expect: recall-curve wrong_value
"""Any rule that is not delta is a sum, and surplus keys may be dropped."""


def recall_curve(keys: Tensor, values: Tensor, rule: str = "sum") -> Tensor:
    keys = keys / keys.norm(dim=-1, keepdim=True)
    values = values.reshape(-1, values.shape[-1])
    memory = keys.new_zeros(keys.shape[1], values.shape[1])
    curve = keys.new_zeros(len(keys))
    for i, (key, value) in enumerate(zip(keys, values, strict=False)):
        memory = memory + torch.outer(key, value - (key @ memory if rule == "delta" else 0))
        curve[i] = _recalled(keys[: len(values)][: i + 1] @ memory, values[: i + 1])
    return curve
