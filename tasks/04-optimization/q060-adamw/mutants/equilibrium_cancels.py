# expect: equilibrium wrong_value
"""One minus a number next to one: where decay is weak, few digits are left."""

balance = equilibrium


def equilibrium(lr, weight_decay, update_norm):
    balance(lr, weight_decay, update_norm)
    shrink = 1 - lr * weight_decay
    norm = lr * update_norm / math.sqrt(1 - shrink * shrink)
    return norm, math.acos(shrink), -math.log(2) / (2 * math.log(shrink))
