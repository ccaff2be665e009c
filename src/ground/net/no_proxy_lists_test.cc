// The lists of NO_PROXY against the curl that is installed here.

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "ground/base/random.h"
#include "ground/base/text.h"
#include "ground/net/proxy.h"

namespace scaler::net {
namespace {

std::string output_of(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::string text;
  std::array<char, 4096> buffer{};
  std::size_t count = 0;
  while (pipe != nullptr && (count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
    text.append(buffer.data(), count);
  }
  if (pipe != nullptr) {
    ::pclose(pipe);
  }
  return text;
}

/// Draws the next of several.
class Draw {
 public:
  template <typename T>
  const T& of(const std::vector<T>& choices) {
    return choices[static_cast<std::size_t>(random_.next() % choices.size())];
  }
  std::string address6() {
    std::string text;
    for (int group = 0; group < 8; ++group) {
      text += (group == 0 ? "" : ":") +
              of<std::string>({"0", "0", "0000", "1", "db8", "DB8", "0db8", "ffff", "2001"});
    }
    return of<std::string>({text, "2001:db8::5", "2001:DB8:0:0::5", "2001:db8::5:0:0:0",
                            "::ffff:10.1.2.3", "::ffff:a01:203", "64:ff9b::10.1.2.3", "fd00::1"});
  }
  std::string address4() {
    return "10." + of<std::string>({"0", "1", "128"}) + "." + of<std::string>({"0", "2"}) + "." +
           of<std::string>({"0", "3"});
  }
  std::string host() {
    return of<std::string>(
        {address6(), address6(), address4(), "a.example", "b.A.example", "aa.example", "example"});
  }
  std::string entry() {
    const std::string ip = address6();
    const std::string prefix = "/" + of<std::string>({"0", "1", "8", "32", "33", "64", "128", "129",
                                                      "-1", "+8", "8x", ""});
    return of<std::string>({ip,
                            ip,
                            ip + prefix,
                            "[" + ip + "]",
                            "[" + ip + "]:80",
                            ip + "%eth0",
                            ip + ".",
                            "." + ip,
                            lower_case(ip),
                            "::/0",
                            "3",
                            "2.3",
                            address4(),
                            address4() + prefix,
                            address4() + ".",
                            host(),
                            "." + host(),
                            host() + ".",
                            "example",
                            "*",
                            ""});
  }
  std::string list() {
    std::string text = entry();
    while (of<int>({0, 1}) == 1) {
      text += of<std::string>({",", " ", ", ", ",,", " , ", "\t"}) + entry();
    }
    return text;
  }

 private:
  Random random_{7};
};

/// Of one curl that goes through all cases: whether it went past the proxy, on which nobody
/// listens. curl tells the address that it could not connect to.
std::vector<bool> named_by_curl(const std::vector<std::pair<std::string, std::string>>& cases) {
  std::string path = (std::filesystem::temp_directory_path() / "curl-XXXXXX").string();
  ::close(::mkstemp(path.data()));
  std::ofstream config(path);
  std::string_view between;
  for (const auto& [list, host] : cases) {
    const std::string authority = host.contains(':') ? "[" + host + "]" : host;
    config << between << "silent\nglobof\nconnect-timeout = 0.02\nproxy = \"http://127.0.0.1:1\"\n"
           << "noproxy = \"" << list << "\"\nurl = \"http://" << authority << "/\"\n"
           << "write-out = \"%{errormsg}.\\n\"\n";
    between = "next\n";
  }
  config.close();
  const std::string output = output_of("curl -K " + path);
  std::vector<bool> named;
  for (const std::string_view line : split(output, "\n")) {
    if (!line.empty()) {
      named.push_back(!line.contains("127.0.0.1 port 1 "));
    }
  }
  std::filesystem::remove(path);
  return named;
}

TEST(NoProxyLists, NameTheHostsThatCurlNames) {
  if (!output_of("curl --version 2>/dev/null").starts_with("curl 7.88.")) {
    GTEST_SKIP() << "curl 7.88 is not here, and others read IPv6 addresses in other ways";
  }
  Draw draw;
  std::vector<std::pair<std::string, std::string>> cases;
  while (cases.size() < 400) {
    cases.emplace_back(draw.list(), draw.host());
  }
  const std::vector<bool> curl = named_by_curl(cases);
  ASSERT_EQ(curl.size(), cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(names_host(cases[i].first, cases[i].second), curl[i])
        << "[" << cases[i].first << "] " << cases[i].second;
  }
}

}  // namespace
}  // namespace scaler::net
