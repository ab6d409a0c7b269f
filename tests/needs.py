"""Programs that a test needs and a machine may lack."""

import os
import shutil

import pytest


def needs(program: str, package: str) -> str:
    """Return the program's path; without it the test is skipped with the reason and the package to install.

    With ALERTBOT_TESTS_STRICT=1 a lacking program fails the test instead.
    """
    path = shutil.which(program)
    if path is None:
        reason = f"needs {program}: install Debian's {package}"
        if os.environ.get("ALERTBOT_TESTS_STRICT") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
