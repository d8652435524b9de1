# expect: approximation-error wrong_value
"""The features know nothing of a temperature, so queries and keys go in as they are."""


def approximation_error(q: Tensor, k: Tensor, v: Tensor, w: Tensor) -> Tensor:
    _check(q, k, v)
    if w.ndim != 2 or w.shape[-1] != q.shape[-1]:
        raise ValueError("w must be [M, D]")
    exact = torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v
    near = _average(_favor(q, w), _favor(k, w), v)
    return torch.linalg.matrix_norm(near - exact) / torch.linalg.matrix_norm(exact)
