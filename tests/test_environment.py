"""environment.yml, which people edit, and requirements.lock, which `make install` uses, must say the same."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lock import direct_dependencies
from notebook_files import ROOT

ENVIRONMENT = (ROOT / "environment.yml").read_text(encoding="utf-8")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
CURE = "run `make lock`"


def pins(lock: str) -> list[tuple[str, str, str]]:
    """Return (name, version, all its lines) of each pin; a package has several where systems or Pythons differ."""
    blocks = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)
    found = [(re.match(r"([\w.-]+)==([^\s;]+)", block), block) for block in blocks if not block.startswith("#")]
    return [(match[1], match[2], block) for match, block in found if match]


def disagreements(environment: str, lock: str) -> list[str]:
    """Say where the direct dependencies and the pins that are marked as direct differ."""
    wanted = {canonicalize_name(entry.name): entry for entry in map(Requirement, direct_dependencies(environment))}
    direct = [(name, version) for name, version, block in pins(lock) if "environment.yml" in block]
    problems = [f"{name} is not in the lock: {CURE}" for name in wanted.keys() - {name for name, _ in direct}]
    for name, version in direct:
        if name not in wanted:
            problems.append(f"{name} is in the lock but no longer in environment.yml: {CURE}")
        elif not wanted[name].specifier.contains(version):
            problems.append(f"{name} {version} is outside {wanted[name].specifier}: {CURE}")
    return problems


def faults_of_lock(lock: str) -> list[str]:
    """Say which pins cannot be checked when they are installed, and which lines lead somewhere else."""
    problems = [f"{name} {version} has no hash" for name, version, block in pins(lock) if "--hash=sha256:" not in block]
    return problems + [f"an address: {line.strip()}" for line in lock.splitlines() if "/" in line or "file:" in line]


def faults_of_environment(environment: str) -> list[str]:
    """Say which entries of environment.yml lack a lower and an upper bound, or a comment that says who needs them."""
    entries = re.findall(r"^ {6}- (.*)$", environment, flags=re.MULTILINE)
    good = re.compile(r"[\w.-]+ >=[\w.]+,<[\w.]+ +# \w.*")
    problems = [f"needs `name >=low,<high  # why`: {entry}" for entry in entries if not good.fullmatch(entry)]
    if len(entries) != len(direct_dependencies(environment)):
        problems.append("an entry under pip: is not indented by six spaces")
    return problems


def test_lock_is_compiled_from_environment():
    """A dependency added, removed or moved in environment.yml reaches the lock."""
    assert len(pins(LOCK)) > 50
    assert disagreements(ENVIRONMENT, LOCK) == []


def test_every_pin_is_checked_and_names_no_address():
    """What is installed is what was tested, wherever it is downloaded from."""
    assert faults_of_lock(LOCK) == []


def test_every_entry_has_a_range_and_a_comment():
    """A reader of environment.yml sees what each package is for and which versions may come."""
    assert faults_of_environment(ENVIRONMENT) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    # via environment.yml\n", "    # via keras\n", "is not in the lock"),
        ("\nuv==", "\nunused==", "unused is in the lock but no longer"),
        ("\nuv==0.", "\nuv==9.", r"uv 9\S+ is outside"),
        ("--hash=sha256:", "--hash=md5:", "has no hash"),
        ("# via keras", "# see https://example.org", "an address"),
        ("# via keras", "# via /srv/keras", "an address"),
    ],
)
def test_a_damaged_lock_is_noticed(old, new, message):
    """The three tests above can fail: each damage to the lock is named."""
    assert old in LOCK
    damaged = LOCK.replace(old, new)
    assert any(re.search(message, problem) for problem in disagreements(ENVIRONMENT, damaged) + faults_of_lock(damaged))


@pytest.mark.parametrize(
    "entry", ["rich  # no range", "rich >=13  # no upper bound", "rich >=13,<15", "rich >=13,<15  #"]
)
def test_a_damaged_environment_is_noticed(entry):
    """The tests above can fail: an entry without range, upper bound or comment."""
    assert faults_of_environment(f"{ENVIRONMENT.rstrip()}\n      - {entry}\n") == [
        f"needs `name >=low,<high  # why`: {entry}"
    ]


def test_a_new_dependency_is_noticed():
    """The first test can fail: an entry added to environment.yml is missing from the lock."""
    longer = ENVIRONMENT.rstrip() + "\n      - sounddevice >=0.5,<1  # nothing needs it\n"
    assert faults_of_environment(longer) == []
    assert disagreements(longer, LOCK) == [f"sounddevice is not in the lock: {CURE}"]
