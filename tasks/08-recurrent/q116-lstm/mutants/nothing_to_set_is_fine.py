# expect: forget-bias wrong_value
"""A module without an LSTM is passed over in silence."""

checked_bias = set_forget_bias


def set_forget_bias(module, value):
    if any("bias_ih_l" in name for name, _ in module.named_parameters()):
        checked_bias(module, value)
