"""Sphinx configuration. The build needs no network."""

import re
import sys
from pathlib import Path

import skgeom

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "skgeom"
author = "The skgeom developers"
copyright = f"2026, {author}"
version = release = skgeom.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "benchmark_tables",
    "mathml",
    "method_pages",
]
templates_path = ["_templates"]
exclude_patterns = [
    "_build",
    "_ext",
    "generated/skgeom.rst",
    "sg_execution_times.rst",
    "**/sg_execution_times.rst",
]
default_role = "literal"

# A reference to a name of ours that does not exist is an error. Names of other
# libraries would need the network to be looked up.
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!skgeom).*")]

# Pages of the API are written from the `__all__` of each package.
autosummary_generate = True
autosummary_imported_members = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "subsection_order": [
        "../examples/embedding",
        "../examples/clustering",
        "../examples/hierarchy",
        "../examples/graphs",
        "../examples/few_labels",
        "../examples/classification",
        "../examples/kernels",
        "../examples/decomposition",
        "../examples/functional",
        "../examples/gaussian_process",
        "../examples/densities",
        "../examples/distributions",
        "../examples/covariance",
        "../examples/selection",
        "../examples/papers",
        "../examples/practice",
    ],
    "filename_pattern": r"[/\\]plot_",
    "ignore_pattern": r"demo\w*\.py$",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    # Examples that have not changed are not run again while doc/gallery is there.
    "parallel": 2,
    "plot_gallery": True,
    # Thumbnails are 400 x 280: a script whose first figure is wide names another one.
    "remove_config_comments": True,
    # Pages of the API show the examples that use the class or function.
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skgeom",),
    "reference_url": {"skgeom": None},
}

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "skgeom"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
}
html_sidebars = {
    name: []
    for name in (
        "why",
        "install",
        "quickstart",
        "coming_from",
        "contributing",
        "changelog",
    )
}


def without_labels(app, what, name, obj, options, lines):
    """Leave out links of inherited docstrings to labels of scikit-learn's own pages."""
    if getattr(obj, "__module__", "").startswith("sklearn."):
        lines[:] = [re.sub(r":ref:`([^`<]+?) <[^`>]+>`", r"\1", line) for line in lines]


def setup(app):
    """Connect what changes docstrings."""
    app.connect("autodoc-process-docstring", without_labels)
