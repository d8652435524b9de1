# expect: kernel-features fails
"""Whatever is not elu+1 must be favor+, and its directions will fit."""


def kernel_features(x: Tensor, kind: str, w: Tensor | None = None) -> Tensor:
    if kind == "elu+1":
        return torch.where(x > 0, x + 1, x.clamp(max=0).exp())
    return (x @ w.mT - x.square().sum(-1, keepdim=True) / 2).exp() / w.shape[0] ** 0.5
