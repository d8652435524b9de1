# expect: engine exception
"""Python numbers become float64 tensors with a dimension, and single precision is lost next to them."""


def _as_var(value, like):
    return value if isinstance(value, Var) else Var(torch.full(like.data.shape, value, dtype=torch.float64))
