# expect: adamw too_slow
"""Each row of a matrix is updated on its own, in a Python loop."""

update_tensor = adamw_update


def adamw_update(param, grad, state, group):
    if param.ndim < 2:
        update_tensor(param, grad, state, group)
        return
    rows = state.setdefault("rows", [{} for _ in range(param.shape[0])])
    for row, part, own in zip(param, grad, rows):
        update_tensor(row, part, own, group)
