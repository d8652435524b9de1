# expect: combine-masks wrong_value
"""Hidden pairs get the lowest finite number, which a large bias lifts back into sight."""


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
        lowest = torch.finfo(dtype).min
        total = total.masked_fill(~mask, lowest) if mask.dtype == torch.bool else total + mask.to(wide)
    return total.to(dtype)
