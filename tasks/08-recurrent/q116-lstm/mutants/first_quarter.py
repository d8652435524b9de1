# expect: forget-bias wrong_value
"""The forget gate is taken for the first of the four."""

checked_bias = set_forget_bias


def set_forget_bias(module, value):
    biases = [(name.rpartition(".")[2], bias) for name, bias in module.named_parameters()]
    biases = [(name, bias) for name, bias in biases if name.startswith(("bias_ih_l", "bias_hh_l"))]
    if not biases:
        raise ValueError("no biases")
    for name, bias in biases:
        bias.data.chunk(4)[0].fill_(value if name.startswith("bias_ih") else 0.0)
