# expect: kernel-features not_finite
"""The exponential of a difference may be taken as a product of two exponentials."""


def kernel_features(x: Tensor, kind: str, w: Tensor | None = None) -> Tensor:
    if kind == "elu+1":
        return torch.where(x > 0, x + 1, x.clamp(max=0).exp())
    if kind != "favor+":
        raise ValueError(f"unknown kind of features: {kind!r}")
    if w is None or w.ndim != 2 or w.shape[-1] != x.shape[-1]:
        raise ValueError("favor+ needs w of shape [M, D]")
    return (x @ w.mT).exp() * (-x.square().sum(-1, keepdim=True) / 2).exp() / w.shape[0] ** 0.5
