# expect: beam-step too_slow
"""All continuations are sorted in a Python list."""


def beam_step(scores: Tensor, logp: Tensor, finished: Tensor, eos: int) -> tuple[Tensor, Tensor, Tensor]:
    values, parents, tokens = [], [], []
    for row, lines, over in zip(scores, logp, finished.tolist(), strict=True):
        found = []
        for k, line in enumerate(lines):
            total = (row[k] + line).tolist()
            for v, value in enumerate(total):
                found.append((-(value if not over[k] else row[k].item() if v == eos else -torch.inf), k, v))
        found = sorted(found)[: len(row)]
        values.append([-item[0] for item in found])
        parents.append([item[1] for item in found])
        tokens.append([item[2] for item in found])
    shape = scores.shape
    return (
        torch.tensor(values, dtype=scores.dtype).reshape(shape),
        torch.tensor(parents, dtype=torch.int64).reshape(shape),
        torch.tensor(tokens, dtype=torch.int64).reshape(shape),
    )
