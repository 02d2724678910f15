"""Runs inside the image: imports every Python module that is shipped, each list in one process.

Prints one line for each module that does not import. Standard input: one module name a line.
"""

import importlib
import os
import sys
import warnings

sys.path.insert(0, "/usr/lib/node/python")
warnings.simplefilter("ignore")


def main() -> None:
    # Some modules print (this) or open windows (antigravity) when imported.
    quiet = os.open(os.devnull, os.O_RDWR)
    said = os.dup(1)
    os.dup2(quiet, 1)
    for name in sys.stdin.read().split():
        try:
            importlib.import_module(name)
        except BaseException as error:
            os.write(said, f"{name}: {type(error).__name__}: {error}\n".encode())


main()
