"""``python -m entente``: the command, by a named interpreter."""

from entente.cli.main import main

if __name__ == "__main__":
    main(prog_name="entente")
