# expect: linear-cross-entropy wrong_value
"""Each chunk is averaged by itself, and the averages are averaged, however few rows count in them."""

checked_linear = linear_cross_entropy


def linear_cross_entropy(hidden, weight, target, chunk, ignore_index=-100):
    checked_linear(hidden, weight, target, chunk, ignore_index)
    pieces = list(zip(hidden.split(chunk), target.split(chunk)))
    answers = [checked_linear(rows, weight, labels, chunk, ignore_index) for rows, labels in pieces]
    loss = torch.stack([a[0] for a in answers]).mean()
    return loss, torch.cat([a[1] for a in answers]) / len(answers), torch.stack([a[2] for a in answers]).mean(0)
