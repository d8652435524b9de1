# expect: dropout-ridge wrong_value
"""The mean over the masks is estimated from some of them."""


def dropout_ridge(features: Tensor, target: Tensor, p: float) -> Tensor:
    if features.ndim != 2 or target.shape != features.shape[:1]:
        raise ValueError("features must be (N, D) and target (N,)")
    if not 0 <= p < 1:
        raise ValueError("p must lie in [0, 1)")
    x, y = features.double(), target.double()
    generator = torch.Generator().manual_seed(0)
    keep = torch.rand(2000, *x.shape, generator=generator) >= p
    noisy = (x * keep / (1 - p)).flatten(0, 1)
    gram = noisy.T @ noisy + 1e-9 * torch.eye(x.shape[1], dtype=x.dtype)
    return torch.linalg.solve(gram, noisy.T @ y.repeat(2000)).to(features.dtype)
