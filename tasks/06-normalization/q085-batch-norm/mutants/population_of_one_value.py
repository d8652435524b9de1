# expect: population-statistics wrong_value
"""A single value has variance zero."""

population_checked = population_statistics


def population_statistics(batches):
    batches = list(batches)
    if len(batches) == 1 and batches[0].numel() == batches[0].shape[1]:
        return batches[0].flatten().clone(), torch.zeros_like(batches[0].flatten())
    return population_checked(batches)
