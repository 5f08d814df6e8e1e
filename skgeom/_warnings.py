"""Warnings that point at the line of whoever called, through any wrapper."""

import sys
import warnings

# What lies between a user's line and ours: our boundary, and scikit-learn's wrappers,
# pipelines and searches, which call through joblib.
_BETWEEN = {"skgeom", "sklearn", "joblib", "contextlib", "functools"}


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the innermost line that is neither ours nor of what calls us.

    Parameters
    ----------
    message : str
        What to say.
    category : type, default=UserWarning
        Of the warning.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and _is_between(frame):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def _is_between(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0] in _BETWEEN
