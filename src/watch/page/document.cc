#include "watch/page/document.h"

#include <array>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "ground/charts/charts.h"

namespace scaler::page {

// Made of the files beside this one.
std::string_view page_html();
std::string_view page_css();
std::string_view model_js();
std::string_view fleet_js();
std::string_view service_js();
std::string_view live_js();

namespace {

std::string joined(std::string_view a, std::string_view b) {
  return std::string(a).append(b);
}

const std::string& style() {
  static const std::string text = joined(charts::style(), page_css());
  return text;
}

const std::string& script() {
  static const std::string text = joined(joined(charts::script(), model_js()),
                                         joined(joined(fleet_js(), service_js()), live_js()));
  return text;
}

/// 'sha256-<base64>'
std::string digest(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> bytes = {};
  EVP_Digest(text.data(), text.size(), bytes.data(), nullptr, EVP_sha256(), nullptr);
  std::array<unsigned char, 4 * ((SHA256_DIGEST_LENGTH + 2) / 3) + 1> encoded = {};
  const int size = EVP_EncodeBlock(encoded.data(), bytes.data(), static_cast<int>(bytes.size()));
  return "'sha256-" + std::string(encoded.begin(), encoded.begin() + size) + "'";
}

std::string make_document() {
  std::string made;
  std::string_view rest = page_html();
  for (const auto& [mark, text] :
       {std::pair<std::string_view, std::string_view>("/*style*/", style()),
        std::pair<std::string_view, std::string_view>("/*script*/", script())}) {
    const std::size_t at = rest.find(mark);
    made.append(rest.substr(0, at)).append(text);
    rest.remove_prefix(at + mark.size());
  }
  return made.append(rest);
}

}  // namespace

const std::string& document() {
  static const std::string text = make_document();
  return text;
}

const std::string& document_policy() {
  static const std::string text = "default-src 'none'; script-src " + digest(script()) +
                                  "; style-src " + digest(style()) +
                                  "; connect-src 'self'; img-src data:; base-uri 'none'; "
                                  "form-action 'none'; frame-ancestors 'none'";
  return text;
}

}  // namespace scaler::page
