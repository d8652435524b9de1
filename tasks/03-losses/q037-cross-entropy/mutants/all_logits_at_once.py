# expect: linear-cross-entropy too_large
"""The chunks are ignored, and all logits exist together."""

checked_linear = linear_cross_entropy


def linear_cross_entropy(hidden, weight, target, chunk, ignore_index=-100):
    if chunk < 1:
        raise ValueError("chunk must be at least 1")
    return checked_linear(hidden, weight, target, max(chunk, len(hidden)), ignore_index)
