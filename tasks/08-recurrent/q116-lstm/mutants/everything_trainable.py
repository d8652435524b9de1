# expect: forget-bias wrong_value
"""The flag of all biases is switched on again after the change."""

checked_bias = set_forget_bias


def set_forget_bias(module, value):
    checked_bias(module, value)
    for _, bias in module.named_parameters():
        bias.requires_grad_(True)
