# shellcheck shell=bash disable=SC2154
# What the verbs of ./dev need, installed: Debian packages, Python's and npm's tools, a browser.
# Sourced by ./dev, which has `root`, say() and fail().

OSLS=4.3.1  # npm: the free continuation of Serverless Framework 3

# The Debian packages of a level, each with those of the levels below it.
packages() {
  local programs
  programs="g++ cmake ninja-build $(boost_package) libssl-dev libfmt-dev libcli11-dev"
  programs+=" libyaml-cpp-dev libabsl-dev zlib1g-dev libzstd-dev ca-certificates"
  programs+=" libjs-dygraphs"
  local tests="libgtest-dev libgmock-dev python3 python3-venv ccache valgrind strace"
  tests+=" shellcheck unzip advancecomp tinyproxy-bin"
  case "$1" in
    demo) echo "$programs" ;;
    package) echo "$programs python3 advancecomp" ;;
    test) echo "$programs $tests" ;;
    bench) echo "$programs $tests libbenchmark-dev" ;;
    lint) echo "$programs $tests libbenchmark-dev clang-19 clang-tidy-19 clang-format-19" ;;
    coverage) echo "$programs $tests gcovr" ;;
    fuzz) echo "$programs $tests clang-19 libclang-rt-19-dev" ;;
    *) fail "setup knows demo, package, test, bench, lint, coverage and fuzz, not '$1'" ;;
  esac
}

os_field() { (. /etc/os-release 2>/dev/null && printf '%s' "${!1:-}") || true; }

# Debian 12's default Boost is older than 1.81, which is there beside it; later systems are newer.
boost_package() {
  if [[ "$(os_field ID) $(os_field VERSION_ID)" == "debian 12" ]]; then
    echo libboost1.81-dev
  else
    echo libboost-dev
  fi
}

has_apt() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }

# Old enough to lack a compiler with std::expected or a CMake with presets.
too_old() {
  local id version
  id="$(os_field ID)"
  version="$(os_field VERSION_ID)"
  case "$id" in
    debian) [[ -n "$version" ]] && ((${version%%.*} < 12)) ;;
    ubuntu) [[ -n "$version" ]] && ((${version%%.*} < 24)) ;;
    *) false ;;
  esac
}

explain_other_system() {
  cat >&2 <<TEXT
dev: this system ($(os_field PRETTY_NAME)) is neither Debian 12 or later nor Ubuntu 24.04 or later,
     so nothing can be installed for you. The easiest way is a container with Debian 12.
     Otherwise install by hand:
       to build    g++ >= 12.2, CMake >= 3.25, Ninja, OpenSSL >= 3.0, Boost >= 1.81, {fmt} >= 9.1,
                   CLI11 >= 2.1, yaml-cpp >= 0.7, Abseil >= 20220623, zlib >= 1.2, zstd >= 1.4,
                   Mozilla's CA certificates, dygraphs (OpenSSL, yaml-cpp, Abseil, zlib, zstd, libc
                   and libstdc++ with their static libraries)
       to test     also GoogleTest and GoogleMock >= 1.12, Python >= 3.11 with venv
       to lint     also clang++-19, clang-tidy-19, clang-format-19
     On Debian 12 that is: apt-get install $(packages lint)
     Then run:
       cmake --preset release && cmake --build --preset release --target bootstrap ecs-scaler
       build/release/bin/ecs-scaler demo
       cmake --workflow --preset dev                                    (the unit tests)
TEXT
  exit 1
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
      echo "$package"
  done
}

as_root() {
  if [[ "$(id -u)" == 0 ]]; then
    "$@"
  else
    sudo "$@"
  fi
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    return
  fi
  if [[ "$(id -u)" != 0 ]] && ! command -v sudo >/dev/null; then
    fail "packages are missing, and there is no sudo. As root, run:
     apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "installing Debian packages (a few minutes): ${missing[*]}"
  mkdir -p build
  if ! { as_root apt-get -qq update && as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o Dpkg::Use-Pty=0 install --yes --no-install-recommends "${missing[@]}"; } \
    >build/setup.log 2>&1; then
    tail -n 30 build/setup.log >&2
    fail "apt-get failed; all that it said is in build/setup.log"
  fi
}

# The test tools, pinned, in .venv; made anew when the list, the Python or the folder has changed.
install_python_tools() {
  local stamp
  stamp="$root $(/usr/bin/python3 --version) $(sha256sum <tests/requirements.txt)"
  if [[ -f .venv/stamp && "$(<.venv/stamp)" == "$stamp" ]]; then
    return
  fi
  say "installing Python test tools into .venv (half a minute)"
  rm -rf .venv
  /usr/bin/python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
  printf '%s' "$stamp" >.venv/stamp
}

# What builds and runs the program for arm64. Says why not, and fails, where it cannot be had.
install_cross_tools() {
  local tools="g++-aarch64-linux-gnu libssl-dev:arm64 libabsl-dev:arm64 qemu-user-static"
  if [[ "$(dpkg --print-architecture)" != amd64 ]]; then
    say "no arm64 program: cross-compiling is set up for amd64 machines only"
    return 1
  fi
  if ! dpkg --print-foreign-architectures | grep -qx arm64; then
    as_root dpkg --add-architecture arm64 || { say "no arm64 program: dpkg refuses"; return 1; }
  fi
  # shellcheck disable=SC2086  # a list of words
  (install_packages $tools) || { say "no arm64 program: $tools cannot be installed"; return 1; }
}

# Opens the HTML report in its tests. Ubuntu's package is a snap, which no test needs to install.
install_browser() {
  if [[ "$(os_field ID)" != debian ]]; then
    return
  fi
  (install_packages chromium) || say "no Chromium: the tests of the pages are skipped"
}

# Who reads what the Debian package holds: its completions, its manual page, and all of it. What
# lintian of another system thinks is no concern of ours.
install_package_readers() {
  if [[ "$(os_field ID)" != debian ]]; then
    return
  fi
  (install_packages lintian fish zsh man-db) || say "the tests of the package's parts are skipped"
}

# The deployment tool that the tests use, pinned; without npm those tests are skipped.
install_npm_tools() {
  if [[ -x ".venv/osls-$OSLS/node_modules/.bin/osls" ]]; then
    return
  fi
  if ! command -v npm >/dev/null; then
    say "no osls: npm is not here; the tests that deploy with it are skipped"
    return
  fi
  say "installing osls $OSLS into .venv (half a minute)"
  mkdir -p build
  if ! timeout 240 npm install --silent --no-audit --no-fund --prefix ".venv/osls-$OSLS" \
    "osls@$OSLS" >build/npm.log 2>&1; then
    say "no osls: npm could not install it (build/npm.log); the tests with it are skipped"
    rm -rf ".venv/osls-$OSLS"
  fi
}

use_git_hooks() {
  if [[ -e .git ]] && command -v git >/dev/null && ! git config core.hooksPath >/dev/null 2>&1; then
    git config --local core.hooksPath .githooks 2>/dev/null || true
  fi
}

setup() {
  local level="${1:-test}"
  if ! has_apt || too_old; then
    explain_other_system
  fi
  local wanted
  wanted="$(packages "$level")"
  # shellcheck disable=SC2086  # a list of words
  install_packages $wanted
  if [[ "$level" != demo && "$level" != package ]]; then
    install_python_tools
    use_git_hooks
  fi
}
