"""check_layers.py: each kind of complaint is found, and the tree as it is has none."""

import itertools

import pytest

import check_layers


def library(name, deps="", test_deps=""):
    test_deps = f"\n  TEST_DEPS {test_deps}" if test_deps else ""
    return f"# All of it.\nscaler_library({name}\n  DEPS {deps}{test_deps}\n  HEADERS a.h)\n"


def complaints(tree, files):
    return check_layers.check(tree(files) / "src")


def test_a_tree_in_order_has_none(tree):
    assert not complaints(tree, {
        "src/CMakeLists.txt": "add_subdirectory(ground/base)\n",
        "src/ground/base/CMakeLists.txt": library("base"),
        "src/ground/base/a.h": "#pragma once\n",
        "src/scaler/core/CMakeLists.txt": library("core", "base"),
        "src/scaler/core/a.h": '#include "ground/base/a.h"\n#include <vector>\n',
        "src/wire/CMakeLists.txt": library("wire", "core base"),
        "src/wire/a.cc": '#include "scaler/core/a.h"\n#include "wire/a.h"\n',
        "src/wire/a_test.cc": '#include "ground/base/a.h"\n',
        "src/programs/ecs_scaler/CMakeLists.txt": "add_executable(ecs-scaler main.cc)\n",
        "src/programs/ecs_scaler/main.cc": '#include "wire/a.h"\n#include "scaler/core/a.h"\n',
    })


def test_an_include_that_the_statement_lacks(tree):
    found = complaints(tree, {
        "src/ground/base/CMakeLists.txt": library("base"),
        "src/ground/json/CMakeLists.txt": library("json"),
        "src/ground/json/a.cc": '#include "ground/base/a.h"\n',
        "src/ground/json/parts/a.cc": '#include "ground/base/parts/a.h"\n',
    })
    assert found == [
        "src/ground/json/a.cc: includes ground/base/, which DEPS in "
        "src/ground/json/CMakeLists.txt lacks",
        "src/ground/json/parts/a.cc: includes ground/base/, which DEPS in "
        "src/ground/json/CMakeLists.txt lacks"]


def test_what_only_tests_may_include(tree):
    found = complaints(tree, {
        "src/ground/base/CMakeLists.txt": library("base"),
        "src/ground/json/CMakeLists.txt": library("json", test_deps="base"),
        "src/ground/json/a.cc": '#include "ground/base/a.h"\n',
        "src/ground/json/a_test.cc": '#include "ground/base/a.h"\n',
        "src/ground/json/test_support.h": '#include "ground/base/a.h"\n',
    })
    assert len(found) == 1 and found[0].startswith("src/ground/json/a.cc:")


def test_a_dependency_that_no_file_uses(tree):
    found = complaints(tree, {
        "src/ground/json/CMakeLists.txt": library("json"),
        "src/ground/net/CMakeLists.txt": library("net", "json"),
        "src/ground/net/a.cc": "int x;\n",
    })
    assert found == ["src/ground/net/CMakeLists.txt: DEPS lists json, but no file includes it"]


def test_a_cycle(tree):
    found = complaints(tree, {
        "src/ground/json/CMakeLists.txt": library("json", "net"),
        "src/ground/json/a.h": '#include "ground/net/a.h"\n',
        "src/ground/net/CMakeLists.txt": library("net", "json"),
        "src/ground/net/a.h": '#include "ground/json/a.h"\n',
        "src/ground/base/CMakeLists.txt": library("base"),
    })
    assert found == ["a cycle among: json, net"]


@pytest.mark.parametrize("folder, target", [
    ("core", "yaml"), ("pass", "net"), ("sim", "json"), ("lambda", "core")])
def test_forbidden_between_folders(tree, folder, target):
    found = complaints(tree, {
        f"src/edge/{target}/CMakeLists.txt": library(target),
        f"src/edge/{folder}/CMakeLists.txt": library(folder, target),
        f"src/edge/{folder}/a.cc": f'#include "edge/{target}/a.h"\n',
    })
    assert len(found) == 1 and f"{folder} must never depend on {target}: " in found[0]


@pytest.mark.parametrize("wing, target", [
    (wing, target) for wing, target in itertools.permutations(check_layers.WINGS, 2)
    if target not in check_layers.WINGS[wing]])
def test_forbidden_between_wings(tree, wing, target):
    found = complaints(tree, {
        f"src/{target}/low/CMakeLists.txt": library("low"),
        f"src/{wing}/high/CMakeLists.txt": library("high", "low"),
        f"src/{wing}/high/a.cc": f'#include "{target}/low/a.h"\n',
    })
    assert found == [
        f"src/{wing}/high/CMakeLists.txt: {wing} must never include {target}, but high lists low"]


def test_no_arrow_leads_back():
    below = {wing: set() for wing in check_layers.WINGS}
    for wing, known in check_layers.WINGS.items():
        for target in known:
            below[wing] |= {target} | below[target]
    assert not [wing for wing in below if wing in below[wing]]
    assert "lab" not in below["edge"] and "edge" not in below["lab"]


def test_statements_that_are_wrong(tree):
    found = complaints(tree, {
        "src/ground/json/CMakeLists.txt": "add_library(json a.cc)\n",
        "src/ground/net/CMakeLists.txt": library("net", "jason"),
        "src/ground/net/a.cc": '#include "ground/extra/a.h"\n',
        "src/ground/extra/a.h": "#pragma once\n",
        "src/edge/net/CMakeLists.txt": library("net"),
        "src/attic/old/CMakeLists.txt": library("old"),
    })
    assert "src/ground/json/CMakeLists.txt: no scaler_library() with DEPS" in found
    assert "src/edge/net/CMakeLists.txt: DEPS names jason, which is no folder" not in found
    assert any("net is also the name of" in complaint for complaint in found)
    assert any("attic is no wing" in complaint for complaint in found)


def test_an_include_of_a_folder_without_a_statement(tree):
    found = complaints(tree, {
        "src/ground/net/CMakeLists.txt": library("net", "jason"),
        "src/ground/net/a.cc": '#include "ground/extra/a.h"\n',
        "src/ground/extra/a.h": "#pragma once\n",
    })
    assert "src/ground/net/CMakeLists.txt: DEPS names jason, which is no folder" in found
    assert "src/ground/net/a.cc: includes ground/extra/, which has no CMakeLists.txt" in found


def test_a_source_that_includes_its_own_header_later(tree):
    found = complaints(tree, {
        "src/ground/base/CMakeLists.txt": library("base"),
        "src/ground/base/a.h": "#pragma once\n",
        "src/ground/base/a.cc": '#include <vector>\n#include "ground/base/a.h"\n',
        "src/ground/base/b.h": "#pragma once\n",
        "src/ground/base/b.cc": '#include "ground/base/b.h"\n#include <vector>\n',
    })
    assert found == ["src/ground/base/a.cc: does not include ground/base/a.h first"]


def test_what_is_drawn_is_what_stands_in_the_document():
    drawn = check_layers.draw(check_layers.ROOT / "src")
    document = (check_layers.ROOT / "docs/architecture.md").read_text()
    assert drawn in document, "./dev layers --draw says it anew"
