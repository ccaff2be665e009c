#include "edge/aws/stored_object.h"

#include "ground/base/text.h"
#include "ground/net/url.h"
#include "scaler/core/names.h"

namespace scaler::aws {
namespace {

/// Each part of the key encoded; the slashes between them stay.
std::string target_of(const std::string& key) {
  std::string target;
  for (const std::string_view part : split(key, "/")) {
    target += "/" + net::percent_encode(part);
  }
  return target;
}

}  // namespace

ApiCall StoredObject::call(const std::string& known) const {
  ApiCall call{.service = AwsService::S3,
               .region = region_,
               .bucket = address_.bucket,
               .operation = "GetObject",
               .subject = url_of(address_),
               .method = "GET",
               .target = target_of(address_.key)};
  if (!known.empty()) {
    call.headers.push_back({.name = "If-None-Match", .value = known});
  }
  return call;
}

Result<std::optional<DocumentVersion>> StoredObject::fetch(const std::string& known,
                                                           Deadline deadline) {
  Result<ApiReply> reply = client_->call(call(known), deadline);
  if (reply && is_region(reply->bucket_region) && reply->bucket_region != region_) {
    region_ = reply->bucket_region;
    reply = client_->call(call(known), deadline);
  }
  if (!reply) {
    Error error = std::move(reply).error();
    if (error.kind == ErrorKind::Denied) {
      error.message +=
          "; S3 says the same of an object that does not exist to whoever may not list the bucket";
    }
    return std::unexpected(std::move(error));
  }
  if (!reply->bucket_region.empty()) {
    return fail(ErrorKind::Rejected, describe(call(known)) + ": the bucket is in " +
                                         reply->bucket_region +
                                         ", and asking there did not help: set AWS_REGION, or "
                                         "AWS_ENDPOINT_URL_S3, to where it is");
  }
  if (reply->unchanged) {
    return std::optional<DocumentVersion>();
  }
  return DocumentVersion{.text = std::move(reply->text), .version = std::move(reply->etag)};
}

}  // namespace scaler::aws
