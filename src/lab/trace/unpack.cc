#include "lab/trace/unpack.h"

#include <array>
#include <memory>
#include <zlib.h>
#include <zstd.h>

#include <fmt/core.h>

namespace scaler::trace {
namespace {

constexpr std::string_view kGzip = "\x1f\x8b";
constexpr std::string_view kZstd = "\x28\xb5\x2f\xfd";
// Of a frame that holds no data, such as pzstd's sizes of parts, the first byte is 0x50 to 0x5f.
constexpr std::string_view kSkippable = "\x2a\x4d\x18";
constexpr std::size_t kPiece = 1 << 16;

bool begins_with_skippable(std::string_view bytes) {
  return !bytes.empty() && (static_cast<unsigned char>(bytes.front()) & 0xf0U) == 0x50U &&
         bytes.substr(1).starts_with(kSkippable);
}

std::unexpected<Error> damaged(std::string_view packing, std::string_view why) {
  return fail(
      ErrorKind::Malformed,
      fmt::format("its {} data is damaged ({}): copy or pack the file again", packing, why));
}

std::unexpected<Error> too_short(std::string_view packing) {
  return fail(ErrorKind::Malformed,
              fmt::format("its {} data ends too early: copy the whole file", packing));
}

/// Puts a piece at the end, as far as there is room.
Result<void> append(std::string& text, std::string_view piece, std::size_t most) {
  if (piece.size() > most - text.size()) {
    return fail(ErrorKind::Malformed,
                fmt::format("unpacked it is larger than {} MB: give a shorter time, or coarser "
                            "rows",
                            most / 1'000'000));
  }
  text.append(piece);
  return {};
}

struct Inflate {
  z_stream stream = {};
  bool ready = false;

  // With 16 added zlib expects the header of gzip, and checks length and sum behind the data.
  Inflate() { ready = inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK; }
  ~Inflate() { inflateEnd(&stream); }
  Inflate(const Inflate&) = delete;
  Inflate& operator=(const Inflate&) = delete;
};

Result<std::string> gunzipped(std::string_view bytes, std::size_t most) {
  Inflate state;
  if (!state.ready) {
    return damaged("gzip", "zlib does not start");
  }
  std::string packed(bytes);  // zlib's interface wants bytes that may change.
  std::string text;
  std::array<char, kPiece> piece{};
  z_stream& stream = state.stream;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): zlib's bytes are unsigned.
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  while (true) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    TRY(append(text, std::string_view(piece.data(), piece.size() - stream.avail_out), most));
    if (result == Z_STREAM_END) {
      // Members may follow each other, as `cat a.gz b.gz` makes them; zeros at the end are padding.
      const std::string_view rest(packed.data() + (packed.size() - stream.avail_in),
                                  stream.avail_in);
      if (rest.find_first_not_of('\0') == std::string_view::npos) {
        return text;
      }
      inflateReset(&stream);
    } else if (result == Z_BUF_ERROR) {
      return too_short("gzip");
    } else if (result != Z_OK) {
      return damaged("gzip", stream.msg == nullptr ? "no reason is told" : stream.msg);
    }
  }
}

Result<std::string> unzstd(std::string_view bytes, std::size_t most) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     &ZSTD_freeDCtx);
  if (context == nullptr) {
    return damaged("zstd", "no memory");
  }
  std::string text;
  std::array<char, kPiece> piece{};
  ZSTD_inBuffer in{.src = bytes.data(), .size = bytes.size(), .pos = 0};
  std::size_t wanted = 0;
  std::size_t written = 0;
  do {
    ZSTD_outBuffer out{.dst = piece.data(), .size = piece.size(), .pos = 0};
    wanted = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(wanted) != 0) {
      return damaged("zstd", ZSTD_getErrorName(wanted));
    }
    written = out.pos;
    TRY(append(text, std::string_view(piece.data(), written), most));
    // What is still held back comes with the next call, although all input has been taken.
  } while (in.pos < in.size || written == piece.size());
  return wanted == 0 ? Result<std::string>(std::move(text)) : too_short("zstd");
}

}  // namespace

Packing packing_of(std::string_view bytes) {
  if (bytes.starts_with(kGzip)) {
    return Packing::Gzip;
  }
  return bytes.starts_with(kZstd) || begins_with_skippable(bytes) ? Packing::Zstd : Packing::None;
}

Result<std::string> unpacked(std::string_view bytes, std::size_t most) {
  return packing_of(bytes) == Packing::Gzip ? gunzipped(bytes, most) : unzstd(bytes, most);
}

}  // namespace scaler::trace
