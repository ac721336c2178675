"""A store comes forward by a command, after a backup, and never backwards: two softwares, one node, real processes."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from support_backup import SECRET, in_force, release
from support_nodes import PASSPHRASE, PLAIN, CliNode, Ran, done, entente

from entente.store import connection
from entente.store.connection import newest

NOW, NEXT = newest(), newest() + 1


class Software(NamedTuple):
    """Software with one migration more than this one."""

    folder: Path

    def line(self, *arguments: str | Path) -> list[str]:
        script = Path(__file__).with_name("run_newer.py")
        return [sys.executable, str(script), str(self.folder), *map(str, arguments)]

    def run(self, *arguments: str | Path, secret: bytes = SECRET) -> Ran:
        reading, writing = os.pipe()
        os.write(writing, secret + b"\n")
        os.close(writing)
        try:
            line = self.line(*arguments, "--passphrase-fd", str(reading))
            ran = subprocess.run(
                line, capture_output=True, text=True, pass_fds=(reading,), env=PLAIN, timeout=60, check=False
            )
        finally:
            os.close(reading)
        return Ran(ran.returncode, ran.stdout, ran.stderr)


def software(folder: Path, more: str) -> Software:
    shutil.copytree(Path(connection.__file__).parent / "migrations", folder / "migrations")
    (folder / "migrations" / f"{NEXT:04}_next.sql").write_text(more)
    return Software(folder)


@pytest.fixture
def newer(tmp_path: Path) -> Software:
    return software(tmp_path / "newer", "CREATE TABLE later (value TEXT) STRICT;\nINSERT INTO later VALUES ('made');")


@pytest.fixture
def jp(tmp_path: Path) -> Iterator[CliNode]:
    """A stopped node with a record."""
    with in_force(tmp_path / "n") as nodes:
        done(release(nodes.jp, "before the upgrade"))
        nodes.settle()
        done(entente("node", "stop", nodes.jp.path))
        nodes.jp.stop()
        yield nodes.jp


def version(node: CliNode) -> int:
    with sqlite3.connect(node.path / "store.db") as database:
        found: int = database.execute("PRAGMA user_version").fetchone()[0]
    database.close()
    return found


def test_a_store_older_than_the_software_is_not_migrated_by_running_it(jp: CliNode, newer: Software) -> None:
    ran = newer.run("node", "run", jp.path, "--json", secret=PASSPHRASE)
    error = json.loads(ran.out)["error"]
    assert (ran.code, error["code"]) == (1, "UPGRADE_NEEDED")
    assert "entente node upgrade" in error["remedy"]
    assert f"version {NOW}, older than this software's {NEXT}" in error["message"]
    assert version(jp) == NOW


def test_an_upgrade_takes_a_backup_first_and_says_from_what_to_what(jp: CliNode, newer: Software) -> None:
    answer = done(newer.run("node", "upgrade", jp.path, "--json")).json
    assert (answer["before"], answer["after"], version(jp)) == (NOW, NEXT, NEXT)
    backup = Path(answer["backup"])
    assert backup.parent == jp.path / "backups"
    assert stat.S_IMODE(backup.parent.stat().st_mode) == 0o700
    # A second time there is nothing to do, and no second backup.
    again = done(newer.run("node", "upgrade", jp.path, "--json")).json
    assert (again["before"], again["after"], again["backup"]) == (NEXT, NEXT, None)
    assert list(backup.parent.iterdir()) == [backup]
    # The upgraded node runs with the newer software alone.
    ran = entente("node", "run", jp.path)
    assert (ran.code, f"version {NEXT}, newer than this software's {NOW}" in ran.err) == (1, True)
    assert version(jp) == NEXT
    ran = entente("node", "upgrade", jp.path, passphrase=SECRET)
    assert (ran.code, "newer than this software's" in ran.err) == (1, True)
    # The way back: the backup, restored by the software from before.
    done(entente("node", "restore", backup, jp.path.parent / "back", passphrase=SECRET))
    back = CliNode("jp", jp.path.parent / "back")
    assert version(back) == NOW
    try:
        back.start()
        assert back.ready()["party"] == "jp"
    finally:
        back.stop()


def test_an_older_software_refuses_the_backup_of_a_newer_store_and_a_newer_one_takes_an_older(
    jp: CliNode, newer: Software
) -> None:
    folder = jp.path.parent
    done(entente("node", "backup", jp.path, folder / "old.backup", passphrase=SECRET))
    done(newer.run("node", "upgrade", jp.path, "--backup", folder / "first.backup"))
    done(newer.run("node", "backup", jp.path, folder / "new.backup"))
    ran = entente("node", "restore", folder / "new.backup", folder / "again", "--json", passphrase=SECRET)
    assert (ran.code, ran.json["error"]["code"]) == (1, "BACKUP_NEWER")
    assert not (folder / "again").exists()
    done(newer.run("node", "restore", folder / "old.backup", folder / "again"))
    ran = newer.run("node", "run", folder / "again", "--json", secret=PASSPHRASE)
    assert json.loads(ran.out)["error"]["code"] == "UPGRADE_NEEDED"


def test_a_running_node_is_not_upgraded(tmp_path: Path, newer: Software) -> None:
    with in_force(tmp_path / "n") as nodes:
        ran = newer.run("node", "upgrade", nodes.jp.path, "--json")
        assert (ran.code, ran.json["error"]["code"]) == (1, "ALREADY_RUNNING")
        assert version(nodes.jp) == NOW


def test_a_migration_that_fails_leaves_the_store_and_names_the_backup(jp: CliNode, tmp_path: Path) -> None:
    broken = software(tmp_path / "broken", "CREATE TABLE half (value TEXT);\nINSERT INTO nothing VALUES (1);")
    ran = broken.run("node", "upgrade", jp.path, "--backup", jp.path.parent / "b", "--json")
    error = json.loads(ran.out)["error"]
    assert (ran.code, error["code"]) == (1, "UPGRADE_FAILED")
    assert str(jp.path.parent / "b") in error["message"]
    assert version(jp) == NOW
    try:
        jp.start()
        jp.ready()
    finally:
        jp.stop()


def test_without_a_backup_there_is_no_upgrade(jp: CliNode, newer: Software) -> None:
    (jp.path.parent / "taken").write_text("something else")
    for path, code in ((jp.path.parent / "taken", "EXISTS"), (jp.path.parent / "no" / "where", "BACKUP_NOT_WRITTEN")):
        ran = newer.run("node", "upgrade", jp.path, "--backup", path, "--json")
        assert json.loads(ran.out)["error"]["code"] == code
        assert version(jp) == NOW
