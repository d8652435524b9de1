# expect: adamw wrong_value
"""The order does not matter, so the weights are decayed after they have been moved."""

adam_only = adamw_update


def adamw_update(param, grad, state, group):
    adam_only(param, grad, state, {**group, "weight_decay": 0.0})
    param.mul_(1 - group["lr"] * group["weight_decay"])
