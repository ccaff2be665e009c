"""What ./dev mutants changes, what it leaves alone, and what it makes of survivors."""

import os
import shutil
import subprocess

import mutants
import mutate
import pytest
from support import ROOT

HEADER = ROOT / "tests/mutants/mutants.h"


def changes(code):
    """The changes in the body of a function."""
    found, _ = mutate.mutate("src/a/a.cc", f"int f(int a, int b) {{\n{code}\n}}\n")
    return [(mutant.before, mutant.after) for mutant in found]


@pytest.mark.parametrize("code, expected", [
    ("return a < b;", [("a < b", "a <= b"), ("a < b", "a >= b")]),
    ("return a - -b;", [("a - -b", "a + -b")]),
    ("a += b;", [("a += b;", ";"), ("a += b", "a -= b")]),
    ("g(a);", [("g(a);", ";")]),
    ("*--p = a;", [("*--p = a;", ";")]),
    ("int c = std::min(a, b);", [("std::min(a, b)", "std::max(a, b)")]),
    ("return g(!x->y(a).z);", [("!x->y(a).z", "x->y(a).z")]),
    ("return x && y;", [("x && y", "x || y"), ("x && y", "true && y"), ("x && y", "x && true")]),
    ("if (!x) {\n}", [("if (!x)", "if (true)"), ("if (!x)", "if (false)")]),
    ("while (x) {\n}", [("while (x)", "while (false)")]),
    ("for (int i = 0; x; ++i) {\n}", [("for (int i = 0; x; ++i)", "for (false)")]),
    ("if (auto p = g()) {\n}", [("if (auto p = g())", "if (true)"),
                                ("if (auto p = g())", "if (false)")]),
    ("return x ? 1 : 2;", [("x ?", "true ?"), ("x ?", "false ?")]),
    ("auto g = [&](int c) { return c == a; };", [("c == a", "c != a")]),
])
def test_changes(code, expected):
    assert changes(code) == expected


@pytest.mark.parametrize("code", [
    "static constexpr int kMax = 3 * 4;",
    "constexpr auto kMax = kA < kB ? kA : kB;",
    "static_assert(sizeof(int) == 4 && kA < kB);",
    "if constexpr (kA < kB) {\n}",
    "switch (a) {\n  case kA + 1:\n    return a;\n}",
    "std::array<int, kA + kB> c;",
    "std::map<int, std::vector<int>> c;",
    "for (auto&& [c, d] : e) {\n}",
    "const char* c = x;\n  A&& e = *c;",
    'return "a < b && c";  // a < b',
    "CHECK(a == b);",
    "Type name(a);",
])
def test_leaves_alone_what_the_compiler_computes_and_what_is_no_operator(code):
    assert changes(code) == []


def test_leaves_alone_what_stands_outside_of_functions():
    text = ("constexpr int kMax = 3 * 4;\nenum class E { A = 1 << 2 };\n"
            "struct S {\n  int a = 2 * 3;\n  S(int);\n  bool operator<(const S&) const;\n"
            "  bool g() const { return a > 0; }\n};\n")
    found, _ = mutate.mutate("src/a/a.h", text)
    assert [(mutant.function, mutant.line, mutant.before) for mutant in found] == [
        ("g", 7, "a > 0"), ("g", 7, "a > 0")]


def test_names_functions_and_counts_what_reads_the_same():
    text = "bool A::f(int a) {\n  return g(a == 1) & g(a == 1);\n}\n"
    found, _ = mutate.mutate("src/a/a.cc", text)
    assert [mutant.identity for mutant in found if "!=" in mutant.after] == [
        "src/a/a.cc | A::f | a == 1 -> a != 1", "src/a/a.cc | A::f | a == 1 -> a != 1 #2"]


NESTED = """#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

constexpr int twice(int a) {
  return a < 0 ? -a * 2 : a * 2;
}
static_assert(twice(-3) == 6);

bool odd(std::optional<int> x, int low) {
  return x && *x - low - 1 >= std::max(low, 0) * 2 && (low < 3 || *x % 2 == 1);
}

int f(int a, int b) {
  std::string text;
  int sum = 0;
  for (int i = 0; i < 4 && sum + i < 100; ++i) {
    sum += a + b * (a > b && !odd(a, b) ? twice(a - i) : i + 1);
    text += std::string("x") + "y";
  }
  if (const auto half = std::optional(sum / 2); half && *half > 10) {
    sum = *half;
  }
  if (const int more = sum - 7) {
    sum -= more / 2;
  }
  return sum + static_cast<int>(text.size());
}
"""
MAIN = """
int main() {
  std::printf("%d", f(9, 2));
  for (int a = -4; a < 14; ++a) {
    for (int b = -2; b < 6; ++b) {
      std::printf(" %d %d %d", f(a, b), odd(a, b), odd({}, b));
    }
  }
}
"""


@pytest.fixture(scope="module")
def nested(tmp_path_factory):
    """run(number or None) -> what the program of NESTED prints; None is the source as it is."""
    folder = tmp_path_factory.mktemp("nested")
    (folder / "mutants").mkdir()
    shutil.copy(HEADER, folder / "mutants/mutants.h")
    found, text = mutate.mutate("src/a/a.cc", NESTED)
    (folder / "plain.cc").write_text(NESTED + MAIN)
    (folder / "mutated.cc").write_text(text + MAIN)
    for name in ("plain", "mutated"):
        subprocess.run(["g++", "-std=c++23", "-w", "-I", folder, folder / f"{name}.cc", "-o",
                        folder / name], check=True, timeout=100)

    def run(number, **environment):
        program, chosen = ("plain", {}) if number is None else (
            "mutated", {"SCALER_MUTANT": str(number)})
        done = subprocess.run(["prlimit", "--cpu=1", folder / program],
                              env={**os.environ, **chosen, **environment}, check=False,
                              capture_output=True, text=True, timeout=60)
        return done.stdout or f"code {done.returncode}"

    return found, run


def test_without_a_mutant_the_program_is_the_same(nested):
    _, run = nested
    assert run(0) == run(None)


def test_each_of_many_nested_mutants_can_be_chosen(nested, tmp_path):
    found, run = nested
    same = run(0)
    run(0, SCALER_MUTANTS_SEEN=str(tmp_path / "seen"))
    seen = dict(line.split() for line in (tmp_path / "seen").read_text().splitlines())
    impossible = [mutant.before for mutant in found if seen.get(str(mutant.number)) == "2"]
    # A string has no difference, and without "-=" the sum of texts has no mutant.
    assert impossible == ["text += std::string(\"x\") + \"y\"", "std::string(\"x\") + \"y\""]
    different = [mutant for mutant in found if run(mutant.number) != same]
    assert len(found) > 40 and len(different) > len(found) / 2


def test_mutants_do_what_they_say(nested):
    found, run = nested
    numbers = {(mutant.before, mutant.after): mutant.number for mutant in found}
    plain = run(0).split()

    assert run(numbers["text += std::string(\"x\") + \"y\";", ";"]).split()[0] == str(
        int(plain[0]) - 8)
    assert run(numbers["sum + static_cast<int>(text.size())",
                       "sum - static_cast<int>(text.size())"]).split()[0] == str(int(plain[0]) - 16)


def mutant(number, function="f"):
    return mutate.Mutant("src/a/a.cc", function, f"a < {number}", f"a <= {number}", 1, 10, number)


def test_a_sample_stays_when_lines_move_and_others_come():
    some = [mutant(number) for number in range(1, 100)]
    chosen = {one.identity for one in mutants.sample(some, 20)}
    moved = [mutate.Mutant(one.file, one.function, one.before, one.after, 1, 500, one.number + 7)
             for one in some]
    assert {one.identity for one in mutants.sample(moved, 20)} == chosen
    more = {one.identity for one in mutants.sample([*some, mutant(1, "g")], 20)}
    assert len(chosen) == 20 and len(chosen & more) >= 19


ENTRY = "# why\n\nsrc/a/a.cc | f | a < 1 -> a <= 1\n  It is never one,\n  as g() sees to it.\n"


def test_reads_what_is_equivalent():
    assert mutants.read_equivalent(ENTRY) == {
        mutant(1).identity: "It is never one, as g() sees to it."}


@pytest.mark.parametrize("text, complaint", [
    (ENTRY + ENTRY, "named twice"),
    (mutant(1).identity + "\n", "no reason"),
    ("  It is never one.\n", "without a mutant"),
])
def test_refuses_a_list_that_does_not_say_all(text, complaint):
    with pytest.raises(mutants.Wrong, match=complaint):
        mutants.read_equivalent(text)


def test_finds_entries_that_name_nothing():
    entries = {mutant(1).identity: "So.", mutant(2).identity: "So.", "src/b/b.cc | f | x": "So."}
    assert mutants.unknown_entries(entries, [mutant(1)], ["a"]) == [mutant(2).identity]


def verdict(killed, survived, entries=(), sampled=False):
    killers = {mutant(number): "core" for number in killed}
    killers |= {mutant(number): "" for number in survived}
    return mutants.verdict(killers, {*killed, *survived}, dict.fromkeys(entries, "So."), sampled)


def test_counts_and_names_survivors(capsys):
    assert verdict(range(1, 99), [99, 100], [mutant(99).identity]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "survives: 100: src/a/a.cc:10: f: a < 100 -> a <= 100",
        "100 mutants: 98 killed, 1 equivalent (named), 1 survive (1.0 %)"]


def test_fails_when_too_many_survive_and_in_a_sample_when_any_does():
    assert verdict(range(1, 95), range(95, 101)) == 1
    assert verdict(range(1, 100), [100]) == 0
    assert verdict(range(1, 100), [100], sampled=True) == 1
    assert verdict(range(1, 100), [100], [mutant(100).identity], sampled=True) == 0


def test_what_is_killed_is_not_equivalent(capsys):
    assert verdict([1, 2], [], [mutant(2).identity]) == 1
    assert "is killed and so not equivalent: src/a/a.cc | f | a < 2" in capsys.readouterr().out


def test_what_runs_while_compiling_is_left_to_the_compiler():
    found, _ = mutate.mutate("src/a/a.cc", "consteval bool f(int a) {\n  return a < 1;\n}\n")
    assert not found


def test_folders_that_are_not_there_are_named(tree):
    source = tree({f"src/scaler/{name}/CMakeLists.txt": f"scaler_library({name})\n"
                   for name in ("core", "pass")}) / "src"
    assert mutants.chosen_folders([], source) == ["scaler/core", "scaler/pass"]
    with pytest.raises(mutants.Wrong, match="no folder of src: cores, passes"):
        mutants.chosen_folders(["core", "cores", "passes"], source)


def test_quick_tests_run_first():
    report = {"testsuites": [{"name": "A", "testsuite": [
        {"name": "slow", "time": "2.5s"}, {"name": "quick", "time": "0.01s"}]}]}
    assert mutants.parts_of(report) == [mutants.Part("*-A.slow", 0.01), mutants.Part("A.slow", 2.5)]
