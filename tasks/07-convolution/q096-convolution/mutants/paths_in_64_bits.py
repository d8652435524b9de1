# expect: path-counts wrong_value
"""Counts are kept in a tensor of whole numbers."""

paths_exact = path_counts


def path_counts(layers):
    return [(count + 2**63) % 2**64 - 2**63 for count in paths_exact(layers)]
