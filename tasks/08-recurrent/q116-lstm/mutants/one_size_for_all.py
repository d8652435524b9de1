# expect: forget-bias wrong_value
"""The number of hidden units is read from the first bias and used for all."""

checked_bias = set_forget_bias


def set_forget_bias(module, value):
    biases = [(name.rpartition(".")[2], bias) for name, bias in module.named_parameters()]
    biases = [(name, bias) for name, bias in biases if name.startswith(("bias_ih_l", "bias_hh_l"))]
    if not biases:
        raise ValueError("no biases")
    size = len(biases[0][1]) // 4
    for name, bias in biases:
        bias.data[size : 2 * size].fill_(value if name.startswith("bias_ih") else 0.0)
