# expect: masked-softmax wrong_value
"""Zeroing the weights after the softmax: hidden keys have already taken their share of the denominator."""


def masked_softmax(scores: Tensor, keep: Tensor) -> Tensor:
    return torch.softmax(scores, -1) * keep
