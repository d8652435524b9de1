# expect: combine-masks wrong_value
"""A boolean mask is simply added: a visible key gains one, a hidden key loses nothing."""


def combine_masks(masks: list[Tensor], dtype: torch.dtype) -> Tensor:
    wide = torch.promote_types(dtype, torch.float32)
    total = torch.zeros((), dtype=wide)
    for mask in masks:
        total = total + mask.to(wide)
    return total.to(dtype)
