# expect: streamed-attention fails
"""unfold makes a view and is taken to be free, but the product copies a whole window of keys for every query."""


def streamed_attention(q: Tensor, k: Tensor, v: Tensor, document: Tensor, window: int, block: int = 128) -> Tensor:
    batch, _, length, width = q.shape
    if window < 1 or block < 1 or document.shape != (batch, length):
        raise ValueError("expected a window and a block of at least 1, and document of shape [B, L]")
    if length == 0:
        return torch.empty_like(v)
    pad = torch.nn.functional.pad
    keys, values = (pad(x, (0, 0, window - 1, 0)).unfold(2, window, 1) for x in (k, v))
    owner = pad(document, (window - 1, 0), value=-1).unfold(1, window, 1)
    visible = (owner == document[..., None]) & (document[..., None] >= 0)
    scores = torch.einsum("bhld,bhldw->bhlw", q, keys) / math.sqrt(width)
    return torch.einsum("bhlw,bhldw->bhld", _visible_softmax(scores, visible[:, None]), values)
