# expect: dropout-ridge wrong_value
"""Products of float32 features are summed in float32, in which nearly equal columns are equal."""


def dropout_ridge(features: Tensor, target: Tensor, p: float) -> Tensor:
    if features.ndim != 2 or target.shape != features.shape[:1]:
        raise ValueError("features must be (N, D) and target (N,)")
    if not 0 <= p < 1:
        raise ValueError("p must lie in [0, 1)")
    gram = features.T @ features
    gram.diagonal().div_(1 - p)
    return torch.linalg.solve(gram, features.T @ target)
