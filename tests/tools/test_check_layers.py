"""tools/check_layers.py finds includes without a DEPS entry, forbidden edges and cycles."""

import check_layers


def library(name, deps="", test_deps=""):
    return f"scaler_library({name}\n  DEPS {deps}\n  TEST_DEPS {test_deps}\n  HEADERS a.h)\n"


def check(tree, files):
    return check_layers.check(tree(files) / "src")


def test_accepts_a_sound_tree(tree):
    assert check(tree, {
        "src/base/CMakeLists.txt": library("base"),
        "src/base/a.h": "#pragma once\n",
        "src/core/CMakeLists.txt": library("core", "base"),
        "src/core/a.h": '#include "base/a.h"\n#include <vector>\n',
        "src/pass/CMakeLists.txt": library("pass", "core", "base"),
        "src/pass/a.cc": '#include "core/a.h"\n',
        "src/pass/a_test.cc": '#include "base/a.h"\n',
        "src/cli/CMakeLists.txt": "add_executable(ecs-scaler main.cc)\n",
        "src/cli/main.cc": '#include "pass/a.h"\n#include "core/a.h"\n',
    }) == []


def test_finds_an_include_that_deps_lacks(tree):
    found = check(tree, {
        "src/base/CMakeLists.txt": library("base"),
        "src/json/CMakeLists.txt": library("json"),
        "src/json/a.cc": '#include "base/a.h"\n',
    })

    assert found == ["src/json/a.cc: includes base/, which DEPS in src/json/CMakeLists.txt lacks"]


def test_test_deps_are_for_tests_only(tree):
    found = check(tree, {
        "src/base/CMakeLists.txt": library("base"),
        "src/json/CMakeLists.txt": library("json", test_deps="base"),
        "src/json/a.cc": '#include "base/a.h"\n',
        "src/json/a_test.cc": '#include "base/a.h"\n',
    })

    assert len(found) == 1 and found[0].startswith("src/json/a.cc:")


def test_finds_a_dependency_that_nothing_uses(tree):
    found = check(tree, {
        "src/json/CMakeLists.txt": library("json"),
        "src/net/CMakeLists.txt": library("net", "json"),
        "src/net/a.cc": "int x;\n",
    })

    assert found == ["src/net/CMakeLists.txt: DEPS lists json, but no file includes it"]


def test_finds_a_cycle(tree):
    found = check(tree, {
        "src/json/CMakeLists.txt": library("json", "net"),
        "src/json/a.h": '#include "net/a.h"\n',
        "src/net/CMakeLists.txt": library("net", "json"),
        "src/net/a.h": '#include "json/a.h"\n',
        "src/base/CMakeLists.txt": library("base"),
    })

    assert found == ["a cycle among: json, net"]


def test_finds_forbidden_edges_even_when_declared(tree):
    found = check(tree, {
        "src/base/CMakeLists.txt": library("base"),
        "src/json/CMakeLists.txt": library("json"),
        "src/core/CMakeLists.txt": library("core", "json"),
        "src/core/a.cc": '#include "json/a.h"\n',
        "src/aws/CMakeLists.txt": library("aws", "cli"),
        "src/aws/a.cc": '#include "cli/a.h"\n',
        "src/emulator/CMakeLists.txt": library("emulator", "aws"),
        "src/emulator/a.cc": '#include "aws/a.h"\n',
        "src/cli/CMakeLists.txt": "",
    })

    assert [line for line in found if "core must never depend on json" in line]
    assert [line for line in found if "aws must never depend on cli" in line]
    assert [line for line in found if "emulator must never depend on aws" in line]


def test_finds_folders_without_a_statement_and_names_without_a_folder(tree):
    found = check(tree, {
        "src/json/CMakeLists.txt": "add_library(json a.cc)\n",
        "src/net/CMakeLists.txt": library("net", "jason"),
        "src/net/a.cc": '#include "extra/a.h"\n',
        "src/extra/a.h": "#pragma once\n",
    })

    assert "src/json/CMakeLists.txt: no scaler_library() with DEPS" in found
    assert "src/net/CMakeLists.txt: DEPS names jason, which is no folder" in found
    assert "src/net/a.cc: includes extra/, which has no CMakeLists.txt" in found
