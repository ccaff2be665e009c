"""tools/tidy.py complains about each thing that it bans, and about nothing else."""

import subprocess
import sys

import pytest
import tidy

GOOD_HEADER = "#pragma once\n// What it is for.\n\nint f();\n"


def complaints(name, text):
    return [complaint for _, complaint in tidy.complaints(name, text)]


@pytest.mark.parametrize("name, text, expected", [
    ("src/a/a.cc", "\tint x;\n", "a tab"),
    ("src/a/a.cc", "int x; \n", "trailing blanks"),
    ("src/a/a.cc", "int x;", "no line end"),
    ("src/a/a.cc", "int x;" + " // y" * 30 + "\n", "columns"),
    ("dev", "echo" + " y" * 60 + "\n", "columns"),
    ("src/a/a.h", "// What it is for.\n#pragma once\n", "starts with #pragma once"),
    ("src/a/a.h", "#pragma once\n\nint f();\n", "says what it is for"),
    ("src/a/a.h", "#pragma once\n" + "// Talk.\n" * 6, "more than five"),
    ("src/a/a.h", "#pragma once\n// X.\n#include <boost/asio.hpp>\n", "in .cc files only"),
    ("src/a/a.cc", '#include "../b/b.h"\n', "written from src/"),
    ("src/a/a.cc", 'auto x = std::getenv("HOME");\n', "environment"),
    ("src/a/a.cc", "  std::exit(1);\n", "only main exits"),
    ("src/a/a.cc", "  _exit(1);\n", "only main exits"),
    ("src/a/a.cc", "using namespace std;\n", "outside a function"),
    ("src/a/a.cc", "  co_await x;\n", "coroutines"),
    ("src/a/a.cc", "  assert(x > 0);\n", "use CHECK"),
    ("src/a/a.cc", "  throw 1;\n", "errors are values"),
    ("src/a/a_test.cc", "  std::this_thread::sleep_for(1s);\n", "wait on"),
    ("src/a/a.cc", "  auto t = std::chrono::system_clock::now();\n", "wall time"),
    ("src/a/a.cc", "  std::jthread t;\n", "threads"),
    ("src/core/a.cc", "  std::mutex m;\n", "mutexes"),
    ("src/a/a.cc", "  std::mt19937 g;\n".replace(" g", "{}"), "use Random"),
    ("src/a/a.cc", "// " + "TO" + "DO: later\n", "open work is an issue"),
    ("docs/a.md", "TO" + "DO\n", "open work is an issue"),
    ("docs/a.md", "see /ho" + "me/somebody/x\n", "path of one machine"),
    ("tools/a.py", "x = 1  # py" + "pi.org\n", "registries"),
    (".github/workflows/a.yml", "  - uses: actions/checkout@v4\n", "pinned"),
    (".github/workflows/a.yml", "  - uses: actions/checkout\n", "pinned"),
    (".github/workflows/a.yml", f"  - uses: actions/checkout@{'a' * 39}  # v4\n", "pinned"),
    ("src/a/a.cc", "int f() {\n" + "  g();\n" * 70 + "}\n", "a function of 72 lines"),
    ("tools/a.py", "def f():\n" + "    g()\n" * 71, "f has 72 lines"),
    ("src/a/a.cc", "return A{.a = TRY(b()), .c = TRY(d())};\n", "braced list"),
    ("src/a/a.cc", "v.push_back({a, f(TRY(d()))});\n", "braced list"),
    ("src/a/a.cc", "A x{\n    .a = b,\n    .c = {.d = TRY(e())}};\n", "braced list"),
])
def test_complains(name, text, expected):
    found = complaints(name, text)

    assert len(found) == 1 and expected in found[0], found


@pytest.mark.parametrize("name, text", [
    ("src/a/a.h", GOOD_HEADER),
    ("src/a/a.cc", 'log("getenv and system_clock::now() and throw");\n'),
    ("src/a/a.cc", "// A thread would throw and std::exit(1) here.\nint x = 1'000;\n"),
    ("src/a/a.cc", "static_assert(sizeof(int) == 4);\n"),
    ("src/a/a.cc", "void f() {\n  using namespace std::chrono_literals;\n}\n"),
    ("src/a/a_test.cc", "using namespace std::chrono_literals;\n"),
    ("src/a/a_test.cc", 'f(R"({"a": "' + "x" * 120 + '"})");\n'),
    ("src/ground/base/clock.cc", "auto t = std::chrono::system_clock::now();\n"),
    ("src/a/a.cc", "namespace a {\n" + "int x;\n" * 80 + "}\n"),
    ("src/a/a.cc", "constexpr int kTable[] = {\n" + "  1,\n" * 80 + "};\n"),
    ("src/a/a.cc", "return A{.a = TRY(b()), .c = d};\nf(a, TRY(b()));\n"),
    ("src/a/a.cc", "if (a) {\n  for (b : TRY(c)) {\n  }\n  for (d, e : TRY(f)) {\n  }\n}\n"),
    ("src/a/a.cc", "g({.a = b, .c = [d, e] { return TRY(f(d)); }});\n"),
    ("src/a/a.cc", "void f() const {\n  int a = b(c, d), e = TRY(f());\n}\n"),
    ("README.md", "x" * 300 + "\n"),
    (".github/workflows/a.yml", f"  - uses: actions/checkout@{'a' * 40}  # v4\n"),
    (".github/workflows/a.yml", "  - uses: ./.github/actions/build\n"),
])
def test_accepts(name, text):
    assert complaints(name, text) == []


def test_names_crlf_once_and_its_blanks():
    assert complaints("src/a/a.cc", "int x;\r\n") == ["CRLF line ends", "trailing blanks"]


def test_finds_the_line_after_comments_and_raw_strings():
    text = '/* a\nb */ const char* x = R"(one\ntwo)";\nauto y = getenv("Z");\n'

    assert [line for line, _ in tidy.complaints("src/a/a.cc", text)] == [4]


def test_warns_about_long_files_without_failing(tree):
    root = tree({"src/a/a.cc": "int x;\n" * 501, "src/a/a_test.cc": "int x;\n" * 501})

    result = subprocess.run([sys.executable, tidy.__file__, "--root", root], text=True,
                            capture_output=True, check=False)

    assert result.returncode == 0
    assert result.stdout.count("look again past 500") == 1


def test_exit_code_tells_of_complaints(tree):
    root = tree({"src/a/a.h": "int x;\n", "build/b.h": "int x;\n"})

    result = subprocess.run([sys.executable, tidy.__file__, "--root", root], text=True,
                            capture_output=True, check=False)

    assert result.returncode == 1
    assert result.stdout == "src/a/a.h:1: a header starts with #pragma once\n"
