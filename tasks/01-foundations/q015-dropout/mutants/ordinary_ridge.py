# expect: dropout-ridge wrong_value
"""Dropout is taken for weight decay with the same penalty on every weight."""


def dropout_ridge(features: Tensor, target: Tensor, p: float) -> Tensor:
    if features.ndim != 2 or target.shape != features.shape[:1]:
        raise ValueError("features must be (N, D) and target (N,)")
    if not 0 <= p < 1:
        raise ValueError("p must lie in [0, 1)")
    x, y = features.double(), target.double()
    gram = x.T @ x
    gram += p / (1 - p) * torch.eye(len(gram), dtype=gram.dtype)
    return torch.linalg.solve(gram, x.T @ y).to(features.dtype)
