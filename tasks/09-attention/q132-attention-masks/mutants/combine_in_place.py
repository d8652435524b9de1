# expect: combine-masks mutated_input
"""The first bias of the right shape serves as the accumulator, so the caller's mask is used up."""


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
    ready = masks[0].dtype == wide and masks[0].shape == shape
    total = masks[0] if ready else torch.zeros(shape, dtype=wide)
    for mask in masks[1:] if ready else masks:
        if mask.dtype == torch.bool:
            total.masked_fill_(~mask, HIDDEN)
        else:
            total += mask.to(wide)
    return total.to(dtype)
