# expect: decay-schedule wrong_value
"""Schedules are taken on trust."""


def removed_share(lrs, weight_decay):
    return -torch.expm1(torch.log1p(-lrs.double() * weight_decay).cumsum(-1 if lrs.ndim else 0)).to(lrs.dtype)
