"""The conformance tests are in the package: pytest shows the values of their assertions, too."""

import pytest

pytest.register_assert_rewrite("rlef_env.judge.pool.conformance")
