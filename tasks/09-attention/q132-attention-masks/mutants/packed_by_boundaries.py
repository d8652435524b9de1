# expect: packed-mask wrong_value
"""A new document is assumed to start wherever the number changes, which cuts a document in pieces."""


def packed_mask(document: Tensor, span: Tensor | None = None) -> Tensor:
    if document.ndim != 2 or not _is_integer(document):
        raise ValueError("expected integer document [B, L]")
    if span is not None and (span.shape != document.shape or not _is_integer(span)):
        raise ValueError("span must be an integer tensor of the shape of document")
    allowed = torch.ones(document.shape[1], document.shape[1], dtype=torch.bool).tril()
    if span is not None:
        allowed = allowed | ((span[:, :, None] == span[:, None, :]) & (span[:, :, None] > 0))
    change = torch.zeros_like(document, dtype=torch.long)
    change[:, 1:] = document[:, 1:] != document[:, :-1]
    piece = change.cumsum(-1)
    return ((piece[:, :, None] == piece[:, None, :]) & (document[:, :, None] >= 0) & allowed)[:, None]
