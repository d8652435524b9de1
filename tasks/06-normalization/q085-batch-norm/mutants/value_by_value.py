# expect: batch-norm too_slow
"""Each image and channel is normalised on its own in a Python loop."""


def _normalized(x, mean, var, norm):
    images = []
    for image in x:
        maps = []
        for c, values in enumerate(image):
            out = (values - mean[c]) / torch.sqrt(var[c] + norm.eps)
            maps.append(out if norm.weight is None else out * norm.weight[c] + norm.bias[c])
        images.append(torch.stack(maps) if maps else image)
    return torch.stack(images) if images else x
