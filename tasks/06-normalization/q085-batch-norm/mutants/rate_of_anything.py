# expect: stable-rates wrong_value
"""Shapes are taken on trust, an empty table included."""

rates_checked = stable_rates


def stable_rates(x, eps=1e-5):
    return rates_checked(x, eps) if x.numel() else (math.inf, math.inf)
