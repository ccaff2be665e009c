#!/usr/bin/env python3
"""Names of anonymous namespaces that stand for two things in one folder of src.

usage: check_names.py [--root FOLDER]
The sources of a folder are compiled eight at a time (docs/adr/0028). Which eight changes with every
new file, so that two that agree today may collide when somebody adds a third.
Exit code 1 on a complaint.
"""

import argparse
import collections
import pathlib
import re
import sys

from project_files import ROOT, code_only

ANONYMOUS = re.compile(r"^namespace \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
CONSTANT = re.compile(r"^(?:constexpr|const|thread_local)\b[^;(]*?\b(k[A-Z]\w*)\b\s*[{=\[;(]",
                      re.MULTILINE)
TYPE = re.compile(r"^(?:struct|class|enum class|enum) (\w+)[^;]*\{", re.MULTILINE)
ALIAS = re.compile(r"^using (\w+ = [^;]*);", re.MULTILINE)
FUNCTION = re.compile(r"^[A-Za-z_][\w:<>,&* ]*?\b(\w+)\(([^;{]*)\)(?: const)?(?: noexcept)? \{\n",
                      re.MULTILINE)
ALONE = re.compile(r"set_source_files_properties\(([^)]*)SKIP_UNITY_BUILD_INCLUSION", re.DOTALL)


def signature(name, parameters):
    """The function's name with the types of its parameters: overloads may share a name."""
    types = [re.sub(r"\s*\b\w+\s*$", "", re.sub(r"=.*", "", " ".join(parameter.split())).strip())
             for parameter in parameters.split(",")]
    return f"{name}({', '.join(types)})"


def names_of(text):
    for namespace in ANONYMOUS.finditer(code_only(text)):
        body = namespace[1]
        yield from (match[1] for match in CONSTANT.finditer(body))
        yield from (match[1] for match in TYPE.finditer(body))
        yield from (signature(match[1], match[2]) for match in FUNCTION.finditer(body))


def aliases_of(text):
    for namespace in ANONYMOUS.finditer(code_only(text)):
        for match in ALIAS.finditer(namespace[1]):
            name, meaning = match[1].split(" = ", 1)
            yield name, " ".join(meaning.split())


def sources(folder):
    build = folder / "CMakeLists.txt"
    alone = ALONE.search(build.read_text()) if build.is_file() else None
    skipped = set(alone[1].split()) if alone else set()
    return [path for path in sorted(folder.glob("*.cc"))
            if not re.search(r"_(?:test|src|test_support)\.cc$", path.name)
            and path.name not in {"main.cc", *skipped}]


def complaints(root):
    for folder in sorted({path.parent for path in root.glob("src/**/*.cc")}):
        found = collections.defaultdict(set)
        aliases = collections.defaultdict(dict)
        for path in sources(folder):
            text = path.read_text()
            for name in names_of(text):
                found[name].add(path.name)
            for name, meaning in aliases_of(text):
                aliases[name].setdefault(meaning, path.name)
        for name, meanings in aliases.items():
            found[name] |= set(meanings.values())
        for name, files in sorted(found.items()):
            if len(files) > 1:
                yield (f"{folder.relative_to(root)}: '{name}' stands for two things: "
                       f"{', '.join(sorted(files))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    found = list(complaints(parser.parse_args().root.resolve()))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
