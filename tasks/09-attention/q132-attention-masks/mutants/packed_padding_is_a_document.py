# expect: packed-mask wrong_value
"""Padding shares one negative number, so it is treated as one more document that looks at itself."""


def packed_mask(document: Tensor, span: Tensor | None = None) -> Tensor:
    allowed = torch.ones(document.shape[1], document.shape[1], dtype=torch.bool).tril()
    if span is not None:
        allowed = allowed | ((span[:, :, None] == span[:, None, :]) & (span[:, :, None] > 0))
    return ((document[:, :, None] == document[:, None, :]) & allowed)[:, None]
