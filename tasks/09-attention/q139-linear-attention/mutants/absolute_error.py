# expect: approximation-error wrong_value
"""The norm of the difference is the error, whatever the size of the values."""


def approximation_error(q: Tensor, k: Tensor, v: Tensor, w: Tensor) -> Tensor:
    _check(q, k, v)
    if w.ndim != 2 or w.shape[-1] != q.shape[-1]:
        raise ValueError("w must be [M, D]")
    q, k = q / q.shape[-1] ** 0.25, k / k.shape[-1] ** 0.25
    exact = torch.softmax(q @ k.mT, -1) @ v
    near = _average(_favor(q, w), _favor(k, w), v)
    return torch.linalg.matrix_norm(near - exact)
