# expect: softmax-triton wrong_value
"""A right kernel stands in the file, and the answer is computed by PyTorch, operator by operator."""


def softmax_triton(x: Tensor) -> Tensor:
    if x.dim() != 2:
        raise ValueError(f"x must be (N, C), got {tuple(x.shape)}")
    return _normalised(_shifted(x.float(), dim=1).exp(), dim=1).to(x.dtype)
