# expect: conv-matrix wrong_value
"""A kernel that leaves the image on the right comes in on the left, one row below."""


def conv_matrix(weight, height, width, stride=1, padding=0):
    if weight.ndim != 4:
        raise ValueError("weight must have four dimensions")
    outputs, channels, kh, kw = weight.shape
    rows = output_size(height, kh, stride, padding), output_size(width, kw, stride, padding)
    matrix = weight.new_zeros(outputs, *rows, channels, height * width)
    for i in range(rows[0]):
        for j in range(rows[1]):
            for u in range(kh):
                for v in range(kw):
                    place = (i * stride + u - padding) * width + j * stride + v - padding
                    if 0 <= place < height * width:
                        matrix[:, i, j, :, place] = weight[:, :, u, v]
    return matrix.reshape(outputs * rows[0] * rows[1], channels * height * width)
