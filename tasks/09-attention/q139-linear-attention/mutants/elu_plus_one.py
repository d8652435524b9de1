# expect: kernel-features wrong_value
"""elu(x) + 1 can be computed as it is written, with the library's elu."""

import torch.nn.functional as F


def kernel_features(x: Tensor, kind: str, w: Tensor | None = None) -> Tensor:
    if kind == "elu+1":
        return F.elu(x) + 1
    if kind != "favor+":
        raise ValueError(f"unknown kind of features: {kind!r}")
    if w is None or w.ndim != 2 or w.shape[-1] != x.shape[-1]:
        raise ValueError("favor+ needs w of shape [M, D]")
    return (x @ w.mT - x.square().sum(-1, keepdim=True) / 2).exp() / w.shape[0] ** 0.5
