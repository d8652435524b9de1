"""The routes of `/api/v1`, one module a subject; each shows tables by models of its own, field by field."""
