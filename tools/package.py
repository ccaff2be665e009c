#!/usr/bin/env python3
"""Makes what is published from the release programs; the same commit gives the same bytes.

usage: package.py --version 0.1.0 [--out dist] ARCH=BUILD_FOLDER ...

For each ARCH (x86_64 or arm64): bootstrap-ARCH.zip for Lambda, its bill of materials
(bootstrap-ARCH.cdx.json, CycloneDX 1.5), template-ARCH.yaml for AWS SAM, and, where the build has
them, `ecs-guard` for workers' images and a Debian package of `ecs-scaler`.
Also LICENSES.txt, the licences of everything that is linked in, and SHA256SUMS.
"""

import argparse
import datetime
import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import uuid
import zipfile

from linked import linked_packages
from project_files import ROOT

NAME = "serverless-ecs-scaler"
DEBIAN_NAMES = {"x86_64": "amd64", "arm64": "arm64"}
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
EPOCH = "315532800"  # the same instant, for dpkg-deb
RULE = "=" * 80 + "\n"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def licences(packages):
    """Our licence, then the copyright file of each package; equal files are given once."""
    by_text = {}
    for package in packages:
        by_text.setdefault(package.copyright.strip(), []).append(package)
    parts = [f"{NAME}\n{RULE}{(ROOT / 'LICENSE').read_text().strip()}\n"]
    for text, owners in by_text.items():
        names = "\n".join(f"{owner.name} {owner.version}" for owner in owners)
        parts.append(f"{names}\n{RULE}{text}\n")
    return "\n\n".join(parts)


def write_zip(path, files):
    """files: {name: (bytes, mode)}; entries in this order, without times or owners. Nothing but the
    program goes to Lambda: what the archive weighs is paid at every cold start."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, (data, mode) in files.items():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix: the mode counts
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, data)
    # Deflate again, with the search of zopfli: 3 % less to load.
    subprocess.run(["advzip", "--recompress", "--shrink-insane", "--quiet", path], check=True)


def bill_of_materials(artefact, version, packages):
    """CycloneDX 1.5 for one file."""
    digest = sha256(artefact)
    main = {"type": "application", "bom-ref": artefact.name, "name": artefact.name,
            "version": version, "licenses": [{"license": {"id": "MIT"}}],
            "hashes": [{"alg": "SHA-256", "content": digest}]}
    components = [{"type": "library", "bom-ref": package.purl, "name": package.name,
                   "version": package.version, "purl": package.purl,
                   "licenses": [{"license": {"name": f"see LICENSES.txt, {package.name}"}}],
                   "properties": [{"name": "debian:source", "value": package.source}]}
                  for package in packages]
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
            "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
            "metadata": {"component": main}, "components": components,
            "dependencies": [{"ref": artefact.name, "dependsOn": [p.purl for p in packages]},
                             *({"ref": package.purl} for package in packages)]}


def write_json(path, document):
    path.write_text(json.dumps(document, indent=2) + "\n")


def write_function(out, version, arch, build):
    """The zip for Lambda and its bill of materials."""
    packages = linked_packages(build, "bootstrap", DEBIAN_NAMES[arch])
    archive = out / f"bootstrap-{arch}.zip"
    write_zip(archive, {"bootstrap": ((build / "bin/bootstrap").read_bytes(), 0o755)})
    write_json(archive.with_suffix(".cdx.json"), bill_of_materials(archive, version, packages))
    return packages


def write_guard(out, version, arch, build):
    """`ecs-guard` as it is copied into a worker's image, and its bill of materials."""
    packages = linked_packages(build, "ecs-guard", DEBIAN_NAMES[arch])
    program = out / f"ecs-guard-{arch}"
    program.write_bytes((build / "bin/ecs-guard").read_bytes())
    program.chmod(0o755)
    write_json(out / f"{program.name}.cdx.json", bill_of_materials(program, version, packages))
    return packages


def write_template(out, arch):
    """The template for AWS SAM beside its zip. CodeUri takes no parameter where SAM uploads a local
    file, so each architecture has a template of its own."""
    text = (ROOT / "deploy/cloudformation/template.yaml").read_text()
    for old, new in (("CodeUri: ../../dist/bootstrap-x86_64.zip", f"CodeUri: bootstrap-{arch}.zip"),
                     ("    Default: x86_64\n    AllowedValues: [x86_64]\n",
                      f"    Default: {arch}\n    AllowedValues: [{arch}]\n")):
        if text.count(old) != 1:
            sys.exit(f"package: deploy/cloudformation/template.yaml: not once: {old!r}")
        text = text.replace(old, new)
    (out / f"template-{arch}.yaml").write_text(text)


def debian_changelog(text, maintainer):
    """CHANGELOG.md as Debian writes such a file; what is not released yet is in no package."""
    entries = []
    for entry in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        headline, body = entry.split("\n", 1)
        released = re.fullmatch(r"(\d+\.\d+\.\d+), (\d{4}-\d\d-\d\d)", headline.strip())
        if released is None:
            continue
        lines = [f"ecs-scaler ({released[1]}) unstable; urgency=medium", ""]
        for item in re.findall(r"^- (.*(?:\n  .*)*)", body, re.MULTILINE):
            plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", " ".join(item.split()))
            lines += textwrap.wrap(plain, 78, initial_indent="  * ", subsequent_indent="    ",
                                   break_long_words=False, break_on_hyphens=False)
        day = datetime.date.fromisoformat(released[2])
        lines += ["", f" -- {maintainer}  {day:%a, %d %b %Y} 00:00:00 +0000", ""]
        entries.append("\n".join(lines))
    return "\n".join(entries)


def generated_files(program):
    """What the program itself tells of its command line: {path in the package: bytes}."""

    def said(*arguments):
        return subprocess.run([program, *arguments], check=True, capture_output=True).stdout

    completions = {"bash": "usr/share/bash-completion/completions/ecs-scaler",
                   "zsh": "usr/share/zsh/vendor-completions/_ecs-scaler",
                   "fish": "usr/share/fish/vendor_completions.d/ecs-scaler.fish"}
    return {"usr/share/man/man1/ecs-scaler.1.gz": gzip.compress(said("man"), mtime=0),
            **{path: said("completions", shell) for shell, path in completions.items()}}


def write_debian_package(out, version, arch, build):
    """`ecs-scaler` with the `bootstrap` that its `demo` hosts, its manual page, completions for
    shells, a systemd unit for `ecs-scaler run`, and its bill of materials."""
    architecture = DEBIAN_NAMES[arch]
    packages = sorted({package for name in ("ecs-scaler", "bootstrap")
                       for package in linked_packages(build, name, architecture)})
    package = out / f"ecs-scaler_{version}_{architecture}.deb"
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder) / "tree"
        shutil.copytree(ROOT / "deploy/debian/tree", tree)
        control = (ROOT / "deploy/debian/control").read_text()
        maintainer = re.search(r"^Maintainer: (.*)$", control, re.MULTILINE)[1]
        changelog = debian_changelog((ROOT / "CHANGELOG.md").read_text(), maintainer)
        program = build / "bin/ecs-scaler"
        contents = {"DEBIAN/control":
                    control.format(version=version, architecture=architecture).encode(),
                    "usr/bin/ecs-scaler": program.read_bytes(),
                    "usr/libexec/ecs-scaler/bootstrap": (build / "bin/bootstrap").read_bytes(),
                    "usr/share/doc/ecs-scaler/changelog.gz":
                    gzip.compress(changelog.encode(), mtime=0),
                    "usr/share/doc/ecs-scaler/copyright": licences(packages).encode(),
                    **generated_files(program)}
        for name, content in contents.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes(content)
        installed = sorted(path for path in tree.rglob("*")
                           if path.is_file() and "DEBIAN" not in path.parts)
        (tree / "DEBIAN/md5sums").write_text("".join(
            f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n"
            for path in installed))
        runnable = {"usr/bin/ecs-scaler", "usr/libexec/ecs-scaler/bootstrap", "DEBIAN/postinst",
                    "DEBIAN/postrm", "DEBIAN/prerm"}
        for path in [tree, *tree.rglob("*")]:  # whatever the umask was
            runs = path.relative_to(tree).as_posix() in runnable
            path.chmod(0o755 if path.is_dir() or runs else 0o644)
            os.utime(path, (int(EPOCH), int(EPOCH)))
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "-z2", "--build", tree, package],
                       check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH})
    write_json(package.with_suffix(".cdx.json"), bill_of_materials(package, version, packages))
    return packages


def write_sums(out):
    files = sorted(path for path in out.iterdir() if path.name != "SHA256SUMS")
    (out / "SHA256SUMS").write_text("".join(f"{sha256(path)}  {path.name}\n" for path in files))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", required=True)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "dist")
    parser.add_argument("builds", nargs="+", metavar="ARCH=BUILD_FOLDER")
    arguments = parser.parse_args()
    builds = dict(build.split("=", 1) for build in arguments.builds if "=" in build)
    if len(builds) != len(arguments.builds) or not set(builds) <= set(DEBIAN_NAMES):
        parser.error(f"{arguments.builds}: give ARCH=BUILD_FOLDER, ARCH one of x86_64 and arm64")
    arguments.builds = {arch: pathlib.Path(build).resolve() for arch, build in builds.items()}
    return arguments


def main():
    arguments = parse_arguments()
    out = arguments.out
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    packages = set()
    for arch, build in arguments.builds.items():
        packages |= set(write_function(out, arguments.version, arch, build))
        write_template(out, arch)
        if (build / "bin/ecs-guard").is_file():
            packages |= set(write_guard(out, arguments.version, arch, build))
        if (build / "bin/ecs-scaler").is_file():
            packages |= set(write_debian_package(out, arguments.version, arch, build))
    (out / "LICENSES.txt").write_text(licences(sorted(packages)))
    write_sums(out)
    for path in sorted(out.iterdir()):
        print(f"{path.stat().st_size:>10}  {path.name}")


if __name__ == "__main__":
    sys.exit(main())
