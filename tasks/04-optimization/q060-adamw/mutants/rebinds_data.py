# expect: adamw wrong_value
"""The new weights are a new tensor put in the parameter's place, so views and tied weights keep the old ones."""

update_storage = adamw_update


def adamw_update(param, grad, state, group):
    new = param.detach().clone()
    update_storage(new, grad, state, group)
    param.data = new
