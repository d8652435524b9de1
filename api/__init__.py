"""The web service: delivers tasks, takes submissions, has them graded by workers and tells what came of it."""
