# expect: streamed-attention wrong_value
"""The slice of keys is measured from the end of the block, so its first queries lose the oldest keys."""


def streamed_attention(q: Tensor, k: Tensor, v: Tensor, document: Tensor, window: int, block: int = 128) -> Tensor:
    length = q.shape[2]
    position = torch.arange(length)
    outputs = [v[:, :, :0]]
    for start in range(0, length, block):
        stop = min(start + block, length)
        rows, seen = slice(start, stop), slice(max(0, min(start, stop - window)), stop)
        age = position[rows, None] - position[seen]
        together = (document[:, rows, None] == document[:, None, seen]) & (document[:, rows, None] >= 0)
        visible = (together & (age >= 0) & (age < window))[:, None]
        outputs.append(_attention_weights(q[:, :, rows], k[:, :, seen], visible) @ v[:, :, seen])
    return torch.cat(outputs, 2)
