"""check_names.py: a name that stands for two things in a folder is found, and the tree has none."""
import check_names
import pytest
from project_files import ROOT


def anonymous(code):
    return f"namespace a {{\nnamespace {{\n\n{code}\n}}  // namespace\n}}  // namespace a\n"


def complaints(tree, one, two, **more):
    return list(check_names.complaints(
        tree({"src/a/one.cc": anonymous(one), "src/a/two.cc": anonymous(two), **more})))


@pytest.mark.parametrize(("one", "two", "name"), [
    ("constexpr int kMax = 1;\n", "constexpr Duration kMax = seconds(1);\n", "kMax"),
    ("struct Page {\n};\n", "class Page {\n};\n", "Page"),
    ("using Parser = A;\n", "using Parser = B;\n", "Parser"),
    ("int size(const A& of) {\n}\n", "long size(const A& it) {\n}\n", "size(const A&)"),
])
def test_a_name_with_two_meanings_is_told(tree, one, two, name):
    assert complaints(tree, one, two) == [f"src/a: '{name}' stands for two things: one.cc, two.cc"]


@pytest.mark.parametrize(("one", "two"), [
    ("using Lines = A;\n", "using Lines = A;\n"),
    ("int size(const A& of) {\n}\n", "int size(const B& of) {\n}\n"),
    ("constexpr int kMax = 1;\n", "// constexpr int kMax = 1;\n"),
])
def test_overloads_and_equal_aliases_may_share_a_name(tree, one, two):
    assert not complaints(tree, one, two)


def test_tests_other_folders_and_sources_compiled_alone_have_names_of_their_own(tree):
    text = "constexpr int kMax = 1;\n"

    assert not complaints(tree, text, "int x;\n", **{
        "src/b/two.cc": anonymous(text), "src/a/one_test.cc": anonymous(text),
        "src/a/table.cc": anonymous(text),
        "src/a/CMakeLists.txt": "set_source_files_properties(table.cc\n"
                                "  PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)\n"})


def test_the_tree_as_it_is_has_none():
    assert not list(check_names.complaints(ROOT))
