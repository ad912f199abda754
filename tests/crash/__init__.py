"""Kill the process at every point of an operation, and see whether the next one brings it to its true end.

``python -m tests.crash sqlite|postgresql [stride]``. A point is: before each BEGIN and each COMMIT, each change that is told,
in each effect and after it. At each point once by kill -9, and once by SIGTERM.
"""
