# expect: packed-mask wrong_value
"""Tokens outside all spans share the number zero, and are opened to each other's future."""


def packed_mask(document: Tensor, span: Tensor | None = None) -> Tensor:
    if document.ndim != 2 or not _is_integer(document):
        raise ValueError("expected integer document [B, L]")
    if span is not None and (span.shape != document.shape or not _is_integer(span)):
        raise ValueError("span must be an integer tensor of the shape of document")
    allowed = torch.ones(document.shape[1], document.shape[1], dtype=torch.bool).tril()
    if span is not None:
        allowed = allowed | (span[:, :, None] == span[:, None, :])
    return ((document[:, :, None] == document[:, None, :]) & (document[:, :, None] >= 0) & allowed)[:, None]
