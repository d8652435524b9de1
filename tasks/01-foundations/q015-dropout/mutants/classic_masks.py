# expect: dropout-ridge wrong_value
"""The masks are not divided by what is kept, so the weights come out too large."""


def dropout_ridge(features: Tensor, target: Tensor, p: float) -> Tensor:
    if features.ndim != 2 or target.shape != features.shape[:1]:
        raise ValueError("features must be (N, D) and target (N,)")
    if not 0 <= p < 1:
        raise ValueError("p must lie in [0, 1)")
    x, y = features.double(), target.double()
    gram = x.T @ x
    gram.diagonal().div_(1 - p)
    return (torch.linalg.solve(gram, x.T @ y) / (1 - p)).to(features.dtype)
