# expect: combine-masks not_finite
"""Every mask is cast to the target dtype before the sum, so a partial sum overflows half precision."""


def combine_masks(masks: list[Tensor], dtype: torch.dtype) -> Tensor:
    if not masks or not dtype.is_floating_point:
        raise ValueError("expected masks and a floating dtype")
    if any(mask.dtype != torch.bool and not mask.is_floating_point() for mask in masks):
        raise ValueError("expected boolean or floating masks")
    try:
        shape = torch.broadcast_shapes(*(mask.shape for mask in masks))
    except RuntimeError as error:
        raise ValueError("the masks do not broadcast together") from error
    total = torch.zeros(shape, dtype=dtype)
    for mask in masks:
        total = total.masked_fill(~mask, HIDDEN) if mask.dtype == torch.bool else total + mask.to(dtype)
    return total
