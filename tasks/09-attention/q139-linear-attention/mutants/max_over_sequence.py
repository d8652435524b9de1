# expect: kernel-features wrong_value
"""Taking the largest exponent of the whole sequence off, as in softmax, is free stability."""


def kernel_features(x: Tensor, kind: str, w: Tensor | None = None) -> Tensor:
    if kind == "elu+1":
        return torch.where(x > 0, x + 1, x.clamp(max=0).exp())
    if kind != "favor+":
        raise ValueError(f"unknown kind of features: {kind!r}")
    if w is None or w.ndim != 2 or w.shape[-1] != x.shape[-1]:
        raise ValueError("favor+ needs w of shape [M, D]")
    exponent = x @ w.mT - x.square().sum(-1, keepdim=True) / 2
    if exponent.numel():
        exponent = exponent - exponent.amax()
    return exponent.exp() / w.shape[0] ** 0.5
