# expect: streamed-attention wrong_value
"""Packed documents are trusted to ignore each other, so only padding is hidden."""


def streamed_attention(q: Tensor, k: Tensor, v: Tensor, document: Tensor, window: int, block: int = 128) -> Tensor:
    batch, _, length, _ = q.shape
    if window < 1 or block < 1 or document.shape != (batch, length):
        raise ValueError("expected a window and a block of at least 1, and document of shape [B, L]")
    position = torch.arange(length)
    real = document >= 0
    outputs = [v[:, :, :0]]
    for start in range(0, length, block):
        rows, seen = slice(start, start + block), slice(max(0, start - window + 1), start + block)
        age = position[rows, None] - position[seen]
        visible = real[:, rows, None] & real[:, None, seen] & (age >= 0) & (age < window)
        outputs.append(_attention_weights(q[:, :, rows], k[:, :, seen], visible[:, None]) @ v[:, :, seen])
    return torch.cat(outputs, 2)
