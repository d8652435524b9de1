# expect: forget-bias wrong_value
"""Whatever has a bias in its name is taken for part of an LSTM."""

checked_bias = set_forget_bias


def set_forget_bias(module, value):
    checked_bias(module, value)
    for name, bias in module.named_parameters():
        if name.endswith("bias"):
            bias.data.chunk(4)[1].fill_(value)
