"""The command line of software whose stores are of another version: ``python run_newer.py MIGRATIONS ARGUMENT...``.

``MIGRATIONS`` is a folder with the folder ``migrations`` in it. Nothing else differs from this software.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

from entente.cli.main import main
from entente.store import connection

if __name__ == "__main__":
    migrations = Path(sys.argv.pop(1))
    vars(connection)["resources"] = SimpleNamespace(files=lambda _package: migrations)
    main(prog_name="entente")
