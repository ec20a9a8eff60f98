// WriteEvents: writes records into a user ring buffer. All are encoded before the first is written.
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/errno_name.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/map/user_ring_buffer.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/handlers/record_codec.h"

namespace bpfrig::worker {

absl::Status HandleWriteEvents(Sandbox& sandbox, const bpfrig::v1::WriteEventsRequest& request,
                               bpfrig::v1::WriteEventsResponse& response) {
  const absl::StatusOr<MapReference> map = sandbox.objects().FindMap(request.map());
  if (!map.ok()) return base::WithField(map.status(), "map");
  absl::StatusOr<kernel_bpf::UserRingBuffer> buffer = kernel_bpf::UserRingBuffer::Open(*map->map);
  if (!buffer.ok()) return base::WithField(buffer.status(), "map");
  const absl::StatusOr<RecordCodec> codec = RecordCodec::Open(sandbox, *map, request.type());
  if (!codec.ok()) return base::WithField(codec.status(), "type");
  std::vector<std::string> records;
  for (const bpfrig::v1::Value& record : request.records()) {
    absl::StatusOr<std::string> encoded = codec->Encode(sandbox, record);
    if (!encoded.ok()) {
      const absl::Status why =
          codec->type() ? encoded.status() : NameTheType(encoded.status(), sandbox, *map);
      return base::WithField(why, absl::StrCat("records[", records.size(), "]"));
    }
    records.push_back(*std::move(encoded));
  }
  for (const std::string& record : records) {
    if (const int error = buffer->Write(record); error != 0) {
      response.set_errno_name(common::ErrnoName(error));
      break;
    }
    response.set_written(response.written() + 1);
  }
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
