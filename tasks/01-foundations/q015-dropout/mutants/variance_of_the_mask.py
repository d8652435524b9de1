# expect: dropout-ridge wrong_value
"""The penalty is the variance of a mask that is not divided by what is kept."""


def dropout_ridge(features: Tensor, target: Tensor, p: float) -> Tensor:
    if features.ndim != 2 or target.shape != features.shape[:1]:
        raise ValueError("features must be (N, D) and target (N,)")
    if not 0 <= p < 1:
        raise ValueError("p must lie in [0, 1)")
    x, y = features.double(), target.double()
    gram = x.T @ x
    gram += p * (1 - p) * torch.diag(gram.diagonal())
    return torch.linalg.solve(gram, x.T @ y).to(features.dtype)
