# expect: packed-mask wrong_value
"""Spans are opened after the documents are separated, so equal span numbers join two documents."""


def packed_mask(document: Tensor, span: Tensor | None = None) -> Tensor:
    if document.ndim != 2 or not _is_integer(document):
        raise ValueError("expected integer document [B, L]")
    if span is not None and (span.shape != document.shape or not _is_integer(span)):
        raise ValueError("span must be an integer tensor of the shape of document")
    allowed = torch.ones(document.shape[1], document.shape[1], dtype=torch.bool).tril()
    real = document >= 0
    mask = (document[:, :, None] == document[:, None, :]) & real[:, :, None] & allowed
    if span is not None:
        mask = mask | ((span[:, :, None] == span[:, None, :]) & (span[:, :, None] > 0))
    return (mask & real[:, :, None] & real[:, None, :])[:, None]
