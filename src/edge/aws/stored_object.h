#pragma once
// StoredObject: an object of S3, asked for again and again.

#include "edge/aws/client.h"
#include "scaler/core/object_names.h"
#include "scaler/fleet/document_fleet.h"

namespace scaler::aws {

class StoredObject final : public DocumentStore {
 public:
  StoredObject(Client& client, ObjectAddress address)
      : client_(&client), address_(std::move(address)) {}

  /// Source: GetObject with If-None-Match. A bucket in another region than the default one is asked
  /// there once S3 has said where it is.
  Result<std::optional<DocumentVersion>> fetch(const std::string& known,
                                               Deadline deadline) override;

 private:
  ApiCall call(const std::string& known) const;

  Client* client_;
  ObjectAddress address_;
  std::string region_ = {};  ///< of the bucket, once it was told
};

}  // namespace scaler::aws
