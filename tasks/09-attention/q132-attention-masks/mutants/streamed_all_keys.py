# expect: streamed-attention too_slow
"""Queries go in blocks but every block still scores all keys and masks most of them away: quadratic work."""


def streamed_attention(q: Tensor, k: Tensor, v: Tensor, document: Tensor, window: int, block: int = 128) -> Tensor:
    batch, _, length, _ = q.shape
    if window < 1 or block < 1 or document.shape != (batch, length):
        raise ValueError("expected a window and a block of at least 1, and document of shape [B, L]")
    position = torch.arange(length)
    outputs = [v[:, :, :0]]
    for start in range(0, length, block):
        rows, seen = slice(start, start + block), slice(0, length)
        age = position[rows, None] - position[seen]
        together = (document[:, rows, None] == document[:, None, seen]) & (document[:, rows, None] >= 0)
        visible = (together & (age >= 0) & (age < window))[:, None]
        outputs.append(_attention_weights(q[:, :, rows], k, visible) @ v)
    return torch.cat(outputs, 2)
