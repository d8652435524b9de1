# expect: dropout-ridge wrong_value
"""The least-squares weights are shrunk by what is kept, as if features never overlapped."""


def dropout_ridge(features: Tensor, target: Tensor, p: float) -> Tensor:
    if features.ndim != 2 or target.shape != features.shape[:1]:
        raise ValueError("features must be (N, D) and target (N,)")
    if not 0 <= p < 1:
        raise ValueError("p must lie in [0, 1)")
    x, y = features.double(), target.double()
    return ((1 - p) * torch.linalg.lstsq(x, y[:, None]).solution[:, 0]).to(features.dtype)
