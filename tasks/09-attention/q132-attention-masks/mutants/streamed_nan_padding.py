# expect: streamed-attention not_finite
"""A block of padding sees no key at all, and its rows come out of softmax as NaN."""


def streamed_attention(q: Tensor, k: Tensor, v: Tensor, document: Tensor, window: int, block: int = 128) -> Tensor:
    batch, _, length, _ = q.shape
    if window < 1 or block < 1 or document.shape != (batch, length):
        raise ValueError("expected a window and a block of at least 1, and document of shape [B, L]")
    position = torch.arange(length)
    outputs = [v[:, :, :0]]
    for start in range(0, length, block):
        rows, seen = slice(start, start + block), slice(max(0, start - window + 1), start + block)
        age = position[rows, None] - position[seen]
        together = (document[:, rows, None] == document[:, None, seen]) & (document[:, rows, None] >= 0)
        visible = (together & (age >= 0) & (age < window))[:, None]
        scores = q[:, :, rows] @ k[:, :, seen].transpose(-2, -1) / math.sqrt(q.shape[-1])
        outputs.append(torch.softmax(scores.masked_fill(~visible, HIDDEN), -1) @ v[:, :, seen])
    return torch.cat(outputs, 2)
