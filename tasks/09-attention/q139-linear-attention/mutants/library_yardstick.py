# expect: approximation-error forbidden
"""The exact side is only a yardstick, so the library may compute it."""

import torch.nn.functional as F


def approximation_error(q: Tensor, k: Tensor, v: Tensor, w: Tensor) -> Tensor:
    _check(q, k, v)
    if w.ndim != 2 or w.shape[-1] != q.shape[-1]:
        raise ValueError("w must be [M, D]")
    exact = F.scaled_dot_product_attention(q, k, v)
    q, k = q / q.shape[-1] ** 0.25, k / k.shape[-1] ** 0.25
    near = _average(_favor(q, w), _favor(k, w), v)
    return torch.linalg.matrix_norm(near - exact) / torch.linalg.matrix_norm(exact)
