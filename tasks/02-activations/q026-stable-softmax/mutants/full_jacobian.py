# expect: softmax-vjp memory
"""The whole Jacobian is built for each slice, which takes memory in the square of the number of classes."""


def softmax_vjp(y: Tensor, dy: Tensor, dim: int = -1) -> Tensor:
    if y.shape != dy.shape:
        raise ValueError("y and dy must have one shape")
    p, d = y.movedim(dim, -1), dy.movedim(dim, -1)
    jacobian = torch.diag_embed(p) - p.unsqueeze(-1) * p.unsqueeze(-2)
    return (jacobian @ d.unsqueeze(-1)).squeeze(-1).movedim(-1, dim)
