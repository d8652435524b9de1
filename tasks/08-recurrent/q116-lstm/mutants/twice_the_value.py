# expect: forget-bias wrong_value
"""Both biases get the value, so the gate gets it twice."""

checked_bias = set_forget_bias


def set_forget_bias(module, value):
    biases = [(name.rpartition(".")[2], bias) for name, bias in module.named_parameters()]
    biases = [(name, bias) for name, bias in biases if name.startswith(("bias_ih_l", "bias_hh_l"))]
    if not biases:
        raise ValueError("no biases")
    for _, bias in biases:
        bias.data.chunk(4)[1].fill_(value)
