"""The project in a terminal: one console script, `lam`."""

import sys

from lam_cli.import_names import ForeignModuleError, check_import_names

try:
    check_import_names()
except ForeignModuleError as error:
    print(f"lam: {error}", file=sys.stderr)
    raise SystemExit(2) from None
