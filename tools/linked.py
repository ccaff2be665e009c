"""Which Debian packages a statically linked program was made from; needs dpkg and ninja."""

import dataclasses
import os
import pathlib
import re
import shlex
import subprocess

DOCUMENTS = pathlib.Path("/usr/share/doc")


@dataclasses.dataclass(frozen=True, order=True)
class Package:
    """A Debian package as dpkg knows it."""
    name: str
    version: str
    architecture: str
    source: str

    @property
    def copyright(self):
        """The text of its copyright file. Raises OSError where Debian left it out."""
        return (DOCUMENTS / self.name / "copyright").read_text(errors="replace")

    @property
    def purl(self):
        version = self.version.replace(":", "%3A").replace("+", "%2B").replace("~", "~")
        name = self.name.replace("+", "%2B")
        return f"pkg:deb/debian/{name}@{version}?arch={self.architecture}"


def output_of(*arguments, **options):
    return subprocess.run(arguments, check=True, capture_output=True, text=True, **options).stdout


def headers_of(build, objects):
    """The files that the compiler read for these objects, as ninja has noted them."""
    wanted, files = False, set()
    for line in output_of("ninja", "-C", build, "-t", "deps").splitlines():
        if line and not line.startswith(" "):
            wanted = line.split(":")[0] in objects
        elif wanted and line.strip():
            files.add(line.strip())
    return files


def archives_of(build, link):
    """The object files and archives that the linker takes for a link command: it is run again."""
    words = [word for word in shlex.split(link) if word not in (":", "&&")]
    words[words.index("-o") + 1] = os.devnull
    traced = output_of(*words, "-Wl,--trace", cwd=build)
    return set(re.findall(r"[^\s()]+\.[ao]\b", traced))


def linked_files(build, target):
    """Every file from outside the build folder that `target` was compiled or linked from."""
    commands = output_of("ninja", "-C", build, "-t", "commands", target).splitlines()
    commands = [line for line in commands if not line.startswith("ninja:")]
    objects = {found.group(1) for line in commands if (found := re.search(r" -o (\S+\.o) ", line))}
    inputs = output_of("ninja", "-C", build, "-t", "inputs", target).splitlines()
    names = headers_of(build, objects) | archives_of(build, commands[-1]) | set(inputs)
    return {os.path.realpath(os.path.join(build, name)) for name in names}


def owners(files):
    """The packages that own some of `files`: names, with the architecture where dpkg says it."""
    searched = subprocess.run(["dpkg-query", "--search", *sorted(files)], check=False,
                              capture_output=True, text=True).stdout
    names = set()
    for line in searched.splitlines():
        if not line.startswith("diversion "):
            names |= {name.strip() for name in line.rpartition(": ")[0].split(",")}
    return names


def linked_packages(build, target, architecture):
    """The Debian packages whose files went into `target`, sorted. A header may belong to a package
    in several architectures: then the one of `architecture`, as dpkg calls it, counts.
    """
    files = {name for name in linked_files(build, target) if name.startswith(("/usr/", "/lib"))}
    form = "${Package}|${Version}|${Architecture}|${source:Package}\n"
    lines = output_of("dpkg-query", "--show", f"--showformat={form}", *sorted(owners(files)))
    packages = {}
    for line in lines.splitlines():
        package = Package(*line.split("|"))
        if package.name not in packages or package.architecture == architecture:
            packages[package.name] = package
    return sorted(packages.values())
