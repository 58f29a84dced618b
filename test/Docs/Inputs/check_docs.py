"""Checks docs/ and the README: generated pages are those of the .td files and
say something of every op and pass, relative links lead somewhere, and each
package that is installed has its line of reason.

check_docs.py ROOT GENERATED
"""

import difflib
import pathlib
import re
import sys

UPDATE = "cmake --build --preset release --target moec-doc"
root, generated = map(pathlib.Path, sys.argv[1:])
errors = []


def read(path):
    return path.read_text(encoding="utf-8") if path.exists() else ""


def body(section):
    """What a section about an op or pass says beyond its heading and summary."""
    own = re.split(r"^#", section, flags=re.M)[0]
    own = re.sub(r"```\noperation ::= .*?```", "", own, flags=re.S)
    own = re.sub(r"^(Syntax:|_.*_|(Traits|Interfaces|Effects): .*)$", "", own, flags=re.M)
    return own.strip()


def sections(text):
    """(name, text) of every op of a dialect page and pass of a pass page."""
    heading = re.compile(r"^#+ `-?([\w.-]+)`(?: \(.*\))?\n", flags=re.M)
    parts = heading.split(text)
    return list(zip(parts[1::2], parts[2::2]))


made = sorted(page.relative_to(generated) for page in generated.rglob("*.md"))
for page in made:
    text, committed = read(generated / page), read(root / "docs" / page)
    if text != committed:
        diff = difflib.unified_diff(
            committed.splitlines(), text.splitlines(), f"docs/{page}", "generated", n=1, lineterm=""
        )
        errors.append("\n".join(list(diff)[:40]))
        errors.append(f"docs/{page} is not what the .td files say: {UPDATE}")
    found = sections(text)
    if not found:
        errors.append(f"docs/{page} describes nothing")
    for name, section in found:
        if not body(section):
            errors.append(f"docs/{page}: '{name}' has no description")
        if name.startswith("onnx.") and "* *Source*: " not in section:
            errors.append(f"docs/{page}: '{name}' names no source; write `meaning`, not `description`")
    print(f"{page}: {len(found)}")

for folder in ("dialects", "passes"):
    for page in (root / "docs" / folder).glob("*.md"):
        if page.relative_to(root / "docs") not in made:
            errors.append(f"{page.relative_to(root)} is generated from nothing; delete it")

for dialect in (root / "docs" / "dialects").glob("*.md"):
    if not (root / "docs" / "rationale" / dialect.name).exists():
        errors.append(f"docs/rationale/{dialect.name} is missing: why the dialect is as it is")

for page in [root / "README.md", root / "SECURITY.md", *sorted((root / "docs").rglob("*.md"))]:
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", read(page)):
        if not (page.parent / target).exists():
            errors.append(f"{page.relative_to(root)}: '{target}' leads nowhere")

script = re.search(r"packages=\((.*?)\)", read(root / "scripts" / "install-deps.sh"), flags=re.S)
installed = set(script.group(1).split())
rows = re.findall(r"^\|[^|]*\|([^|]*`[^|]*)\|", read(root / "docs" / "dependencies.md"), flags=re.M)
explained = {name for row in rows for name in re.findall(r"`([^`/]+)`", row)} - {"requirements-test.txt"}
for package in sorted(installed ^ explained):
    errors.append(f"docs/dependencies.md and scripts/install-deps.sh differ in '{package}'")

print("\n".join(errors) or "no error")
sys.exit(bool(errors))
