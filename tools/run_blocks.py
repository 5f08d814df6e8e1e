"""Run the Python blocks of Markdown pages as a reader would paste them."""

import ast
import re
import sys
import time
from pathlib import Path


def python_blocks(page):
    """List the blocks of a page that are marked as Python."""
    return re.findall(r"^```python\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)


def run(block, namespace):
    """Run a block; return the value of its last line, if that is an expression."""
    *statements, last = ast.parse(block).body
    if not isinstance(last, ast.Expr):
        statements, last = [*statements, last], None
    exec(compile(ast.Module(statements, []), "<block>", "exec"), namespace)
    if last is not None:
        return eval(compile(ast.Expression(last.value), "<block>", "eval"), namespace)


if __name__ == "__main__":
    for path in sys.argv[1:]:
        blocks, namespace = python_blocks(Path(path).read_text(encoding="utf-8")), {}
        for i, block in enumerate(blocks, start=1):
            start = time.perf_counter()
            value = run(block, namespace)
            seconds = time.perf_counter() - start
            print(f"{path}, block {i} of {len(blocks)}: {value!r} in {seconds:.1f} s")
