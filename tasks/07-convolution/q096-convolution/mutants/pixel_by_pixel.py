# expect: conv2d too_slow
"""The layer is what its picture shows: a window that moves from place to place."""

layer = conv2d


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    if groups > 1 or len(x) == 0 or x.shape[2] < 32:
        return layer(x, weight, bias, stride, padding, dilation, groups)
    x = F.pad(x, (padding, padding, padding, padding))
    kernels = weight.flatten(1).T
    rows = []
    for i in range(0, x.shape[2] - weight.shape[2] + 1, stride):
        row = []
        for j in range(0, x.shape[3] - weight.shape[3] + 1, stride):
            row.append(x[:, :, i : i + weight.shape[2], j : j + weight.shape[3]].flatten(1) @ kernels)
        rows.append(torch.stack(row, -1))
    out = torch.stack(rows, -2)
    return out if bias is None else out + bias[:, None, None]
