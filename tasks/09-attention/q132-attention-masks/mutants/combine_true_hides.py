# expect: combine-masks wrong_value
"""Boolean masks are read the other way round, as a list of what to hide."""


def combine_masks(masks: list[Tensor], dtype: torch.dtype) -> Tensor:
    if not masks or not dtype.is_floating_point:
        raise ValueError("expected masks and a floating dtype")
    if any(mask.dtype != torch.bool and not mask.is_floating_point() for mask in masks):
        raise ValueError("expected boolean or floating masks")
    try:
        shape = torch.broadcast_shapes(*(mask.shape for mask in masks))
    except RuntimeError as error:
        raise ValueError("the masks do not broadcast together") from error
    wide = torch.promote_types(dtype, torch.float32)
    total = torch.zeros(shape, dtype=wide)
    for mask in masks:
        total = total.masked_fill(mask, HIDDEN) if mask.dtype == torch.bool else total + mask.to(wide)
    return total.to(dtype)
