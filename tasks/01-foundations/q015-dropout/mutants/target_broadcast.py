# expect: dropout-ridge exception
"""Shapes and rates are not looked at, and a target of one number serves all samples."""


def dropout_ridge(features: Tensor, target: Tensor, p: float) -> Tensor:
    x = features.double()
    y = target.double().reshape(-1).expand(x.shape[-2]) if target.numel() == 1 else target.double()
    gram = x.mT @ x
    gram = gram + p / (1 - p if p < 1 else 1) * torch.diag_embed(gram.diagonal(dim1=-2, dim2=-1))
    return torch.linalg.solve(gram, x.mT @ y).to(features.dtype)
