"""A warm, isolated Python you can call functions in; it knows nothing of tasks or scores."""
