# expect: adamw wrong_value
"""Decoupled means that the decay has nothing to do with the learning rate, so it is not multiplied by it."""

adam_only = adamw_update


def adamw_update(param, grad, state, group):
    param.mul_(1 - group["weight_decay"])
    adam_only(param, grad, state, {**group, "weight_decay": 0.0})
