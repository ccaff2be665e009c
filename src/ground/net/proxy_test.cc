#include "ground/net/proxy.h"

#include <gtest/gtest.h>

namespace scaler::net {
namespace {

struct Listed {
  std::string_view list;
  std::string_view host;
  bool named;
};

class NoProxy : public ::testing::TestWithParam<Listed> {};

TEST_P(NoProxy, IsReadAsCurlReadsIt) {
  EXPECT_EQ(names_host(GetParam().list, GetParam().host), GetParam().named)
      << "[" << GetParam().list << "] " << GetParam().host;
}

// What curl 7.88.1 was seen to do with a URL of that host.
INSTANTIATE_TEST_SUITE_P(
    Names, NoProxy,
    ::testing::Values(
        Listed{"example.com", "example.com", true}, Listed{"example.com", "www.example.com", true},
        Listed{"example.com", "nonexample.com", false}, Listed{".example.com", "example.com", true},
        Listed{".example.com", "www.example.com", true},
        Listed{"example.com.", "www.example.com", true},
        Listed{"example.com", "www.example.com.", true},
        Listed{"EXAMPLE.com", "www.Example.Com", true}, Listed{"com", "a.com", true},
        Listed{"*", "a.b", true}, Listed{"*,x", "a.b", false}, Listed{"*.b", "a.b", false},
        Listed{"x b", "a.b", true}, Listed{"x,,b", "a.b", true}, Listed{"x , b ", "a.b", true},
        Listed{"x\tb", "a.b", true}, Listed{"a.b:443", "a.b", false}, Listed{"", "a.b", false},
        Listed{"..b", "a.b", false}, Listed{".", "a.b", false}, Listed{"a.b;c", "c", false}));

INSTANTIATE_TEST_SUITE_P(
    Addresses, NoProxy,
    ::testing::Values(
        Listed{"10.0.0.0/8", "10.1.2.3", true}, Listed{"10.0.0.0/8", "11.1.2.3", false},
        Listed{"10.1.2.3", "10.1.2.3", true}, Listed{"10.1.2", "10.1.2.3", false},
        Listed{"2.3", "10.1.2.3", false}, Listed{"10.1.2.3/33", "10.1.2.3", false},
        Listed{"10.1.2.3/-1", "10.1.2.3", false}, Listed{"10.1.2.3/0", "10.1.2.3", true},
        Listed{"0.0.0.0/0", "10.1.2.3", false}, Listed{"10.1.2.0/23", "10.1.3.3", true},
        Listed{"10.1.2.0/23", "10.1.4.3", false}, Listed{"10.1.2.3/", "10.1.2.3", true},
        Listed{"10.1.2.3:443", "10.1.2.3", false}, Listed{"2001:db8::5", "2001:db8::5", true},
        Listed{"2001:db8::/32", "2001:db8::5", false},
        Listed{"2001:db8::5/128", "2001:db8::5", false}, Listed{"2001:DB8::5", "2001:db8::5", true},
        Listed{"2001:db8:0::5", "2001:db8::5", false},
        Listed{"2001:db8::5", "2001:DB8:0:0::5", true},
        Listed{"[2001:db8::5]", "2001:db8::5", false},
        Listed{"2001:db8::5", "2001:db8::5%eth0", true},
        Listed{"2001:db8::5%eth0", "2001:db8::5%eth0", false},
        Listed{"::ffff:a01:203", "::ffff:10.1.2.3", false},
        Listed{"::ffff:10.1.2.3", "::ffff:a01:203", false}, Listed{"2.3", "::ffff:10.1.2.3", true},
        Listed{"10.1.2.3", "::ffff:10.1.2.3", false}, Listed{"::ffff:10.1.2.3", "10.1.2.3", false},
        Listed{"10.1.2.3.", "10.1.2.3", false}, Listed{"10.1.2.3/+8", "10.9.9.9", true},
        Listed{"10.1.2.3/8x", "10.9.9.9", true}, Listed{"10.0.0.0/8", "name.example", false},
        Listed{"::/1", "10.1.2.3", false}));

Environment with(std::initializer_list<std::pair<const std::string, std::string>> variables) {
  return variables;
}

/// "variable url", "direct", or the error.
std::string way(const Environment& environment, const std::string& scheme,
                const std::string& host = "sqs.eu-central-1.amazonaws.com") {
  const Proxies proxies(environment);
  const Result<const Proxy*> proxy = proxies.of({.scheme = scheme, .host = host});
  if (!proxy.has_value()) {
    return proxy.error().message;
  }
  return *proxy == nullptr ? "direct" : (*proxy)->variable + " " + to_string(**proxy);
}

TEST(Proxies, AreTakenFromTheVariablesOfCurl) {
  const std::string one = "http://one:1";
  const std::string two = "http://two:2";
  EXPECT_EQ(way({}, "https"), "direct");
  EXPECT_EQ(way(with({{"HTTPS_PROXY", one}}), "https"), "HTTPS_PROXY http://one:1");
  EXPECT_EQ(way(with({{"HTTPS_PROXY", one}, {"https_proxy", two}}), "https"),
            "https_proxy http://two:2");
  EXPECT_EQ(way(with({{"HTTPS_PROXY", one}, {"https_proxy", ""}}), "https"),
            "HTTPS_PROXY http://one:1");
  EXPECT_EQ(way(with({{"HTTPS_PROXY", one}}), "http"), "direct");
  EXPECT_EQ(way(with({{"HTTP_PROXY", one}}), "http"), "direct");
  EXPECT_EQ(way(with({{"http_proxy", one}}), "http"), "http_proxy http://one:1");
  EXPECT_EQ(way(with({{"http_proxy", one}}), "https"), "direct");
  EXPECT_EQ(way(with({{"ALL_PROXY", one}}), "http"), "ALL_PROXY http://one:1");
  EXPECT_EQ(way(with({{"ALL_PROXY", one}, {"all_proxy", two}}), "https"), "all_proxy http://two:2");
  EXPECT_EQ(way(with({{"ALL_PROXY", one}, {"HTTPS_PROXY", two}}), "https"),
            "HTTPS_PROXY http://two:2");
}

TEST(Proxies, LeaveOutTheHostsOfNoProxy) {
  const std::string one = "http://one:1";
  const std::string list = "amazonaws.com";
  EXPECT_EQ(way(with({{"HTTPS_PROXY", one}, {"NO_PROXY", list}}), "https"), "direct");
  EXPECT_EQ(way(with({{"HTTPS_PROXY", one}, {"no_proxy", list}}), "https"), "direct");
  EXPECT_EQ(way(with({{"HTTPS_PROXY", one}, {"NO_PROXY", list}, {"no_proxy", "x"}}), "https"),
            "HTTPS_PROXY http://one:1");
  EXPECT_EQ(way(with({{"HTTPS_PROXY", one}, {"NO_PROXY", list}, {"no_proxy", ""}}), "https"),
            "direct");
}

TEST(Proxies, AreNeverAskedForWhatIsOnThisMachineOrLink) {
  for (const std::string host :
       {"localhost", "LOCALHOST.", "sqs.localhost", "127.0.0.1", "127.9.9.9", "::1",
        "::ffff:127.0.0.1", "169.254.169.254", "169.254.170.2", "169.254.170.23", "fe80::1",
        "febf::1", "fe80::1%eth0", "fd00:ec2::254", "fd00:ec2::23"}) {
    EXPECT_EQ(way(with({{"ALL_PROXY", "http://one:1"}}), "http", host), "direct") << host;
  }
  for (const std::string host : {"localhost.example", "notlocalhost", "128.0.0.1", "169.253.0.1",
                                 "fec0::1", "fd00:ec3::23", "10.0.0.1", "::2"}) {
    EXPECT_EQ(way(with({{"ALL_PROXY", "http://one:1"}}), "http", host), "ALL_PROXY http://one:1")
        << host;
  }
}

TEST(Proxies, MayBeWrittenAsCurlAllows) {
  for (const auto& [text, shown] :
       {std::pair("proxy", "http://proxy:1080"), std::pair("proxy:3128", "http://proxy:3128"),
        std::pair("http://proxy/", "http://proxy:1080"),
        std::pair("HTTP://proxy:", "http://proxy:1080"),
        std::pair("http://proxy:3128/path?x", "http://proxy:3128"),
        std::pair("http://[fd00::1]:3128", "http://[fd00::1]:3128"),
        std::pair("[fd00::1]", "http://[fd00::1]:1080"),
        std::pair("http://u:p@proxy:3128", "http://proxy:3128")}) {
    EXPECT_EQ(way(with({{"HTTPS_PROXY", text}}), "https"), std::string("HTTPS_PROXY ") + shown);
  }
}

std::string authorization(const std::string& url) {
  const Proxies proxies(with({{"HTTPS_PROXY", url}}));
  const Result<const Proxy*> proxy = proxies.of({.host = "a.example"});
  return proxy.has_value() ? (*proxy)->authorization.reveal() : proxy.error().message;
}

TEST(Proxies, HaveBasicAuthenticationFromTheirUrl) {
  EXPECT_EQ(authorization("http://proxy:1"), "");
  EXPECT_EQ(authorization("http://Aladdin:open%20sesame@proxy:1"),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617, section 2.
  EXPECT_EQ(authorization("u@proxy:1"), "Basic dTo=");
  EXPECT_EQ(authorization("http://u:p%40:%2f@proxy:1"), "Basic dTpwQDov");
  EXPECT_EQ(authorization("http://u:a@b@proxy:1"), "Basic dTphQGI=");
  EXPECT_EQ(authorization("http://u:a@b/c@proxy:1"),
            "HTTPS_PROXY: 'http://proxy:1' is not a proxy such as http://host:port")
      << "where the user ends cannot be known";
}

TEST(Proxies, OfOtherKindsAreRefusedByNameWhereTheyWouldBeUsed) {
  const std::string no = " is not a proxy such as http://host:port";
  const std::string unreadable = "its value" + no;
  const std::string other = " proxies are not supported, only http://host:port";
  for (const auto& [text, problem] :
       {std::pair("socks5h://u:secret@proxy:1", "socks5h://proxy:1: socks5h" + other),
        std::pair("socks4://proxy:1", "socks4://proxy:1: socks4" + other),
        std::pair("SOCKS5://u:secret", "socks5" + other),
        std::pair("https://u:secret@proxy", "https://proxy: https" + other),
        std::pair("ftp://u:secret@proxy", unreadable), std::pair("u:secret", unreadable),
        std::pair("http://u:secret", unreadable), std::pair("u:secret/", unreadable),
        std::pair("u:secret://proxy", unreadable), std::pair("u:secret:proxy:1", unreadable),
        std::pair("http://u:secret@proxy:99999", "'http://proxy:99999'" + no),
        std::pair("u:secret@pro xy://x", "'http://pro xy://x'" + no),
        std::pair("http://u:secret@", "'http://'" + no), std::pair("pro xy", unreadable)}) {
    const std::string message = "ALL_PROXY: " + problem;
    EXPECT_EQ(way(with({{"ALL_PROXY", text}}), "https"), message);
    EXPECT_EQ(way(with({{"ALL_PROXY", text}, {"HTTPS_PROXY", "a:1"}}), "https"),
              "HTTPS_PROXY http://a:1");
    EXPECT_EQ(way(with({{"ALL_PROXY", text}, {"NO_PROXY", "*"}}), "https"), "direct");
    EXPECT_EQ(way(with({{"ALL_PROXY", text}}), "https", "localhost"), "direct");
  }
}

}  // namespace
}  // namespace scaler::net
