"""Print the oldest versions that users may have, as constraints for pip."""

import re
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"

# torch is optional, large, and numbers its builds by device: the newest is tested.
EXTRAS = ("ann", "plot", "progress")


def oldest_versions(pyproject):
    """List ``name==version`` for each requirement with a lower bound."""
    project = tomllib.loads(pyproject)["project"]
    optional = project["optional-dependencies"]
    requirements = [*project["dependencies"], *(r for e in EXTRAS for r in optional[e])]
    return [re.sub(r">=([\d.]+).*", r"==\1", each) for each in requirements]


if __name__ == "__main__":
    print("\n".join(oldest_versions(PYPROJECT.read_text(encoding="utf-8"))))
