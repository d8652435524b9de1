# expect: adamw wrong_value
"""A gradient that is zero everywhere is taken for no gradient at all."""

update_anyway = adamw_update


def adamw_update(param, grad, state, group):
    if grad.any():
        update_anyway(param, grad, state, group)
