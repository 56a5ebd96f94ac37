"""Write assets/manifest.json, the sha256 of each asset that lessons load, and the manifest's own into utils.py.

Those are the files in the folders of assets: models, cards, texts. Figures are not among them, nor is a file that lies
beside the folders, such as playground.html: no lesson loads them. With --check nothing is written: the files that
differ from what would be written are named, and the exit status is 1.
"""

import argparse
import hashlib
import json
import pathlib
import re
import sys

from notebook_files import ROOT

LINE = re.compile(r'(?<=^MANIFEST = ")[^"]*(?=")', re.MULTILINE)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wanted(root: pathlib.Path) -> dict[pathlib.Path, str]:
    """Return the two files and the text that each should have."""
    assets = root / "assets"
    files = [path for path in assets.glob("*/**/*") if path.is_file()]
    names = sorted(path.relative_to(assets).as_posix() for path in files)
    sums = {name: sha256((assets / name).read_bytes()) for name in names if not re.match(r"figures/|(.*/)?\.", name)}
    manifest, helpers = json.dumps(sums, indent=1) + "\n", root / "utils.py"
    return {
        assets / "manifest.json": manifest,
        helpers: LINE.sub(sha256(manifest.encode()), helpers.read_text(encoding="utf-8")),
    }


def update(root: pathlib.Path, check: bool = False) -> list[pathlib.Path]:
    """Write what is stale, or with `check` only look; return it."""
    files = wanted(root)
    stale = [path for path, text in files.items() if not path.exists() or path.read_bytes() != text.encode()]
    for path in [] if check else stale:
        path.write_text(files[path], encoding="utf-8", newline="\n")
    return stale


def main() -> None:
    """Write or check the two files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; name the files that differ")
    check = parser.parse_args().check
    stale = update(ROOT, check)
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'differs, run `make manifest`' if check else 'written'}")
    sys.exit(1 if check and stale else 0)


if __name__ == "__main__":
    main()
