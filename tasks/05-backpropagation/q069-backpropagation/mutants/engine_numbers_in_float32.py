# expect: engine wrong_value
"""Python numbers become tensors of the default dtype, whatever the variable is."""


def _as_var(value, like):
    return value if isinstance(value, Var) else Var(torch.tensor(float(value)))
