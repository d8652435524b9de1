# expect: linear-attention fails, causal-attention fails, approximation-error fails, chunked-attention fails
"""Torch complains by itself when shapes do not belong together."""


def _check(q: Tensor, k: Tensor, v: Tensor, same_length: bool = False) -> None:
    pass
