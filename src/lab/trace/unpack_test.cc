#include "lab/trace/unpack.h"

#include <vector>
#include <zlib.h>
#include <zstd.h>

#include <gmock/gmock.h>

#include "lab/trace/test_support.h"

namespace scaler::trace {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kText = "2026-11-23 12:00,1\n2026-11-23 12:01,2\n";

std::string gzip(std::string_view text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string in(text);
  std::string out(deflateBound(&stream, in.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

TEST(Unpack, ReadsBothAndPartsOfThem) {
  for (const auto& pack : {gzip, zstd}) {
    EXPECT_EQ(must_read(pack(kText)).messages(), 3);
    const std::string two = pack(kText.substr(0, 19)) + pack(kText.substr(19));
    EXPECT_EQ(unpacked(two, 1000).value_or(""), kText);
  }
  EXPECT_EQ(unpacked(gzip(kText) + std::string(512, '\0'), 1000).value_or(""), kText);
}

TEST(Unpack, PassesOverFramesThatHoldNoData) {
  // pzstd writes its sizes into such a frame in front of each part.
  for (const char kind : {'\x50', '\x5f'}) {
    const std::string frame = kind + std::string("\x2a\x4d\x18\x04\x00\x00\x00size", 11);
    EXPECT_EQ(must_read(frame + zstd(kText)).messages(), 3);
    EXPECT_EQ(unpacked(frame + zstd(kText) + frame + zstd(kText), 1000).value_or("").size(),
              2 * kText.size());
    EXPECT_THAT(error_of(gzip(frame + zstd(kText))), HasSubstr("packed twice"));
    EXPECT_THAT(error_of(frame), HasSubstr("it is empty"));
    EXPECT_THAT(error_of(frame.substr(0, 6)), HasSubstr("ends too early"));
  }
}

TEST(Unpack, RefusesWhatIsDamagedOrCutOff) {
  for (const auto& pack : {gzip, zstd}) {
    const std::string whole = pack(kText);
    for (std::size_t length = 4; length < whole.size(); ++length) {
      EXPECT_THAT(error_of(whole.substr(0, length)), HasSubstr("ends too early")) << length;
    }
    std::string damaged = whole;
    damaged.at(damaged.size() / 2) ^= '\x55';
    EXPECT_NE(error_of(damaged), "no error");
    EXPECT_THAT(error_of(pack(pack(kText))), HasSubstr("packed twice"));
    EXPECT_THAT(error_of(pack("")), HasSubstr("it is empty"));
  }
  EXPECT_THAT(error_of(gzip(kText) + "tail"), HasSubstr("gzip data is damaged"));
}

TEST(Unpack, StopsAtTheLimit) {
  const std::string large(3'000'000, 'a');
  for (const auto& pack : {gzip, zstd}) {
    const std::string bomb = pack(large);
    EXPECT_LT(bomb.size(), 10'000U);
    EXPECT_EQ(unpacked(bomb, large.size()).value_or(""), large);
    EXPECT_THAT(unpacked(bomb, 2'999'999).error().message,
                HasSubstr("unpacked it is larger than 2 MB"));
  }
}

}  // namespace
}  // namespace scaler::trace
