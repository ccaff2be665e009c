// Every target over every file of its corpus, and over some changes of these. The input of a crash
// stands in the file <target>.last of the folder that the test runs in.

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "fuzz.h"
#include "ground/base/random.h"

namespace scaler::fuzz {
namespace {

constexpr int kMutants = 600;  ///< of a whole corpus

std::vector<std::string> read_corpus(std::string_view name) {
  const std::filesystem::path folder = std::filesystem::path(SCALER_CORPUS_DIR) / name;
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ostringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    files[entry.path().filename().string()] = text.str();
  }
  std::vector<std::string> contents;
  for (auto& [file, text] : files) {
    contents.push_back(std::move(text));
  }
  return contents;
}

std::size_t below(Random& random, std::size_t limit) {
  return static_cast<std::size_t>(random.next() % std::max<std::size_t>(limit, 1));
}

/// One to four small changes: a byte, a cut, a repetition, a piece of another file.
std::string mutant(std::string text, const std::string& other, Random& random) {
  for (std::size_t changes = 1 + below(random, 4); changes > 0; --changes) {
    const std::size_t at = below(random, text.size());
    const std::size_t size = 1 + below(random, std::min<std::size_t>(text.size() - at, 32));
    switch (below(random, 5)) {
      case 0:
        text[at] = static_cast<char>(random.next());
        break;
      case 1:
        text.erase(at, size);
        break;
      case 2:
        text.insert(at, text.substr(at, size));
        break;
      case 3:
        text.insert(at, other.substr(below(random, other.size()), size));
        break;
      default:
        text.insert(at, std::string(size, "0-\"[{9\xff"[below(random, 7)]));
    }
    if (text.empty()) {
      break;
    }
  }
  return text;
}

class Corpus : public ::testing::TestWithParam<Target> {
 protected:
  static void run(const std::string& bytes) {
    const Target& target = GetParam();
    std::ofstream(std::string(target.name) + ".last", std::ios::binary) << bytes;
    target.run(bytes);
  }
};

TEST_P(Corpus, IsReadAndSoAreMutantsOfIt) {
  const std::vector<std::string> corpus = read_corpus(GetParam().name);
  ASSERT_FALSE(corpus.empty());
  run("");
  for (const std::string& bytes : corpus) {
    run(bytes);
  }
  Random random(1);
  for (int i = 0; i < kMutants; ++i) {
    const std::string& bytes = corpus[below(random, corpus.size())];
    if (!bytes.empty()) {
      run(mutant(bytes, corpus[below(random, corpus.size())], random));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Corpus, ::testing::ValuesIn(targets()),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace scaler::fuzz
