#include "programs/ecs_scaler/commands/controller_client.h"

#include "ground/net/http_client.h"
#include "ground/net/url.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/listen_address.h"
#include "programs/ecs_scaler/commands/token_file.h"

namespace scaler::cli {
namespace {

Result<net::Url> url_of(const std::string& address) {
  if (address.starts_with("http://") || address.starts_with("https://")) {
    return net::parse_url(address);
  }
  ListenAddress listens = TRY(parse_listen_address(address));
  return net::Url{
      .origin = {.scheme = "http", .host = std::move(listens.host), .port = listens.port}};
}

}  // namespace

void add_controller(std::vector<Option>& options, ControllerFlags& flags,
                    const std::string& sentence) {
  options.push_back({"--listen", "ADDRESS:PORT|URL", sentence,
                     [&flags](const std::string& address) -> Result<void> {
                       TRY(url_of(address));
                       flags.address = address;
                       return {};
                     }});
  options.push_back(
      {"--listen-token-file", "FILE", "the file that run was given", text(flags.token_file)});
  options.push_back(duration_option("--timeout", flags.timeout, "how long an answer may take"));
}

Result<net::HttpResponse> ask_controller(const ControllerFlags& flags, const std::string& path) {
  const net::Url url = TRY(url_of(flags.address));
  const std::string base =
      url.path.ends_with('/') ? url.path.substr(0, url.path.size() - 1) : url.path;
  net::HttpRequest request{.origin = url.origin, .target = base + path};
  if (!flags.token_file.empty()) {
    const Secret token = TRY(read_token(flags.token_file));
    request.headers.push_back({"Authorization", "Bearer " + token.reveal()});
  }
  net::HttpClient client({.connect_timeout = flags.timeout});
  Result<net::HttpResponse> answer = client.send(request, after(flags.timeout));
  if (!answer && answer.error().kind == ErrorKind::Unavailable) {
    answer.error().message += "; `ecs-scaler run --listen` serves there while it is at work";
  }
  return answer;
}

}  // namespace scaler::cli
