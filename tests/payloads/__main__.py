"""``python -m tests.payloads FOLDER``."""

import sys

from tests.payloads import main

sys.exit(main(sys.argv[1:]))
