# expect: forget-bias wrong_value
"""The biases are replaced by new parameters, which no optimizer knows."""

checked_bias = set_forget_bias


def set_forget_bias(module, value):
    checked_bias(module, value)
    for part in module.modules():
        for name, bias in list(part.named_parameters(recurse=False)):
            if name.startswith(("bias_ih_l", "bias_hh_l")):
                setattr(part, name, nn.Parameter(bias.detach().clone()))
