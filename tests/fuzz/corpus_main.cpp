// Instead of libFuzzer: runs the target over the files, and the files of the folders, that it is given.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/input.h"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> Files(const fs::path& argument) {
  std::vector<fs::path> files;
  if (!fs::is_directory(argument)) return {argument};
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(argument)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void RunOver(const fs::path& file) {
  // Said before, so that it can be read after a crash.
  std::printf("%s\n", file.c_str());
  std::fflush(stdout);
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  (void)LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    const std::vector<fs::path> files = Files(argv[i]);
    for (const fs::path& file : files) RunOver(file);
    if (files.empty()) std::fprintf(stderr, "%s: there are no files\n", argv[i]);
    if (files.empty()) return 1;
    count += files.size();
  }
  std::printf("%zu inputs\n", count);
  return count == 0 ? 1 : 0;
}
