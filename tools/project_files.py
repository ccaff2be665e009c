"""The project's own files, and C++ text without its comments and strings; shared by the tools."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOT_OURS = {"build", "dist", ".git", ".venv", "__pycache__", "node_modules"}

# A comment, a raw string, a string or a character; digit separators are no characters.
CPP_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<raw>[^()\\ ]*)\(.*?\)(?P=raw)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.DOTALL)


def project_files(root):
    """Every file below `root` that belongs to the project, sorted."""
    files = []
    for path in sorted(root.iterdir()):
        if path.name in NOT_OURS or path.is_symlink():
            continue
        files += project_files(path) if path.is_dir() else [path]
    return files


def code_only(text):
    """C++ with comments and the contents of strings blanked out; lines stay where they are."""

    def blank(match):
        token = match.group()
        breaks = "\n" * token.count("\n")
        return breaks if token.startswith("/") else '""' + breaks

    return CPP_TOKEN.sub(blank, text)
