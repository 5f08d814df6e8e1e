"""Write formulas as MathML when pages are built: nothing is loaded, nothing runs.

A formula that is not understood whole is a warning, with what is left of it; `make
docs` takes warnings as errors.
"""

import re
from xml.etree import ElementTree

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
ElementTree.register_namespace("", NAMESPACE)
logger = logging.getLogger(__name__)

# What latex2mathml does not read, as what it does.
READABLE = {
    r"\\arg\s*\\min(?![a-zA-Z])": r"\\operatorname{argmin}",
    r"\\arg\s*\\max(?![a-zA-Z])": r"\\operatorname{argmax}",
    r"(\\[bB]ig+[lr]?)\s*\\langle(?![a-zA-Z])": "\\1⟨",
    r"(\\[bB]ig+[lr]?)\s*\\rangle(?![a-zA-Z])": "\\1⟩",
    r"(?<!\\)\\\s": r"\\;",
}
# Letters that are operators, as they should be written.
OPERATORS = {"~": "∼", "⪰": "⪰", "⪯": "⪯", "′": "′", "…": "…"}
# Spaces on both sides of those that are relations.
SPACES = {"~": "0.278em", "⪰": "0.278em", "⪯": "0.278em"}
# Functions whose index stands below, in a line of its own.
LIMITS = {"max", "min", "sup", "inf", "lim", "argmax", "argmin"}
BARS, OPENING = {"|", "‖"}, {"(", "[", "{"}
ROWS = {"math", "mrow", "mstyle", "msqrt"}
SCRIPTS = {"msub", "msup", "msubsup", "munder", "munderover"}


def formula(latex, display="inline"):
    """Return MathML of a formula.

    Raises
    ------
    ValueError
        If a part of it is not understood.
    """
    for pattern, readable in READABLE.items():
        latex = re.sub(pattern, readable, latex)
    braces = re.sub(r"\\[{}]", "", latex)
    if braces.count("{") != braces.count("}"):
        raise ValueError(f"Braces do not match in {latex!r}")
    if re.search(r"(?<!\\)&|\\\\", latex):
        raise ValueError(f"More than one line in {latex!r}")
    root = ElementTree.fromstring(convert(latex, display=display))
    text = "".join(root.itertext())
    left = re.findall(r"\\\w*|[{}^_&](?=[{}^_&])|&", text)
    if left:
        raise ValueError(f"{' '.join(left)} in {latex!r}")
    tidy(root, display == "block")
    return ElementTree.tostring(root, encoding="unicode")


def kind(element):
    """Return the name of an element."""
    return element.tag.rpartition("}")[2]


def element(name, **attributes):
    """Return a new element."""
    return ElementTree.Element(f"{{{NAMESPACE}}}{name}", attributes)


def tidy(parent, block):
    """Space operators and functions as in print, and put limits below."""
    children = list(parent)
    for number, child in enumerate(children):
        in_script = kind(child) in SCRIPTS
        core = child[0] if in_script else child
        text = core.text or ""
        if kind(core) in ("mi", "mo") and (text in OPERATORS or text in BARS):
            space = SPACES.get(text, "0")
            core.tag = f"{{{NAMESPACE}}}mo"
            core.text = OPERATORS.get(text, text)
            core.attrib.update(lspace=space, rspace=space)
            core.attrib.setdefault("stretchy", "false")
        elif kind(parent) in ROWS and is_function(core):
            core.tag = f"{{{NAMESPACE}}}mo"
            core.attrib.update(lspace="0", rspace="0")
            space_around(parent, child, children[:number], children[number + 1 :])
            if block and text in LIMITS and kind(child) == "msub":
                child.tag = f"{{{NAMESPACE}}}munder"
        elif kind(core) == "mspace" and core.get("width", "").startswith("negative"):
            core.set("width", "-0.167em")
        elif kind(child) == "mover" and child[1].text == "―":
            child.tag = f"{{{NAMESPACE}}}mrow"
            child.set("class", "overline")
            child.remove(child[1])
        if "minsize" in core.attrib:
            core.attrib.update(
                stretchy="true", symmetric="true", lspace="0", rspace="0"
            )
            if in_script:  # browsers stretch operators in rows alone
                row = element("mrow")
                row.append(core)
                child[0] = row
        tidy(child, block)


def space_around(parent, child, before, after):
    """Put thin spaces around a function, but next to operators and brackets."""
    if before and (kind(before[-1]) != "mo" or before[-1].text in {")", "]", "}"}):
        parent.insert(list(parent).index(child), element("mspace", width="0.167em"))
    if after and after[0].text not in OPENING:
        parent.insert(list(parent).index(child) + 1, element("mspace", width="0.167em"))


def is_function(element):
    """Tell whether an element is the name of a function."""
    text = element.text or ""
    if kind(element) == "mo":
        return text.isalpha() and text.isascii()
    return kind(element) == "mi" and len(text) > 1 and text.isalpha()


def written(self, node, display):
    """Return MathML of a node, or its source after a warning."""
    parts = [part for part in re.split(r"\n\s*\n", node.astext()) if part.strip()]
    try:
        return "\n".join(formula(part, display) for part in parts)
    except Exception as error:
        logger.warning("No MathML: %s", error, location=node)
        return self.encode(node.astext())


def visit_math(self, node):
    """Write a formula in a line of text."""
    self.body.append(written(self, node, "inline"))
    raise nodes.SkipNode


def visit_displaymath(self, node):
    """Write a formula in a line of its own, with its number if it has one."""
    self.body.append(self.starttag(node, "div", CLASS="formula"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(written(self, node, "block") + "</div>\n")
    raise nodes.SkipNode


def setup(app):
    """Make this the renderer of formulas."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_displaymath, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
