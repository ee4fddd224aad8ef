"""Compiles the text scorer while a wheel is built; everything else is in pyproject.toml.

`pip install .` builds a wheel and gets the compiled scorer, which is two to three times as fast. An editable
install does not, so that an edited file takes effect at once. Without a C compiler, or with CRISIS_MONITOR_PURE=1,
the scorer stays Python and says the same. The compiler is mypyc: it takes the modules as they are.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

SCORER = Path("detectors/sentiment")
LEFT_PLAIN = ("__init__.py", "training.py")
"""The lazy front, and what needs numpy and runs once."""


def tell(problem: BaseException) -> None:
    """Say that nothing is compiled, and why."""
    print(f"The text scorer stays plain Python, slower and otherwise the same: {problem}", file=sys.stderr)


class BuildOrLeavePlain(build_ext):
    """Builds all extension modules or, when one cannot be built, none: half of them would not run."""

    def run(self) -> None:
        """Build them; a failure is told and is no error."""
        try:
            super().run()
        except Exception as problem:  # whatever a compiler can do wrong
            tell(problem)
            for extension in self.extensions:
                Path(self.get_ext_fullpath(extension.name)).unlink(missing_ok=True)
            self.extensions = []


def scorer_modules() -> list[Extension]:
    """The scorer's modules as extensions; none unless a wheel is built."""
    if "bdist_wheel" not in sys.argv or os.environ.get("CRISIS_MONITOR_PURE"):
        return []
    from mypyc.build import mypycify

    sources = sorted(str(file) for file in SCORER.glob("*.py") if file.name not in LEFT_PLAIN)
    options = ["--config-file=", "--follow-imports=silent", "--ignore-missing-imports"]
    try:
        return list(mypycify([*options, *sources], debug_level="0"))
    except (SystemExit, Exception) as problem:  # mypyc exits on what it does not know
        tell(problem)
        return []


setup(ext_modules=scorer_modules(), cmdclass={"build_ext": BuildOrLeavePlain})
