# expect: mistake-bound wrong_value
"""Only the separation is checked, so labels of any size and a lone weight for all coordinates go through."""


def mistake_bound(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> float:
    w, b, points = w.double(), b.double(), x.double()
    largest = torch.maximum(w.abs().max(), b.abs().max())
    w, b = w / largest, b / largest
    margin = (y * ((points * w).sum(-1) + b)).min() / (w.square().sum() + b.square().sum()).sqrt()
    if not margin > 0:
        raise ValueError("the hyperplane does not separate the data")
    return (points.square().sum(1).max() + 1).item() / margin.item() ** 2
