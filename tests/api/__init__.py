import pytest

#: Modules that assert and are no tests: what fails in them is explained as it is in tests.
pytest.register_assert_rewrite("tests.api.grading_machine", "tests.api.session_machine")
