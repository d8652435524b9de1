# expect: approximation-error wrong_shape
"""One norm over everything is the error of the whole batch."""


def approximation_error(q: Tensor, k: Tensor, v: Tensor, w: Tensor) -> Tensor:
    _check(q, k, v)
    if w.ndim != 2 or w.shape[-1] != q.shape[-1]:
        raise ValueError("w must be [M, D]")
    q, k = q / q.shape[-1] ** 0.25, k / k.shape[-1] ** 0.25
    exact = torch.softmax(q @ k.mT, -1) @ v
    near = _average(_favor(q, w), _favor(k, w), v)
    return (near - exact).norm() / exact.norm()
