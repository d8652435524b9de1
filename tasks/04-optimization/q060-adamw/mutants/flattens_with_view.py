# expect: adamw exception
"""Parameters and gradients are flattened with view, which only contiguous tensors allow."""

update_shaped = adamw_update


def adamw_update(param, grad, state, group):
    update_shaped(param.view(-1), grad.view(-1), state, group)
