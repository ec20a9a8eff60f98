#include "daemon/base/log_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "common/testing/temporary_directory.h"

namespace bpfrig::base {
namespace {

// A pipe or a socket that nobody reads until it is asked.
class LogWriterTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    const bool is_socket = GetParam();
    ASSERT_EQ(is_socket ? ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data())
                        : ::pipe2(ends.data(), O_CLOEXEC),
              0);
    reader_ = common::Fd(ends[0]);
    writer_ = common::Fd(ends[1]);
    ASSERT_EQ(::fcntl(reader_.Get(), F_SETFL, O_NONBLOCK), 0);
  }

  std::string ReadAll() const {
    std::string all;
    std::array<char, 65536> buffer{};
    while (true) {
      const ssize_t count = ::read(reader_.Get(), buffer.data(), buffer.size());
      if (count <= 0) return all;
      all.append(buffer.data(), static_cast<size_t>(count));
    }
  }

  static LogLine Line(absl::string_view message) {
    return {.time = absl::UnixEpoch(), .level = LogLevel::kInfo, .process = "front", .message = message};
  }

  common::Fd reader_;
  common::Fd writer_;
};

TEST_P(LogWriterTest, NeverWaitsAndSaysLaterHowManyLinesAreMissing) {
  constexpr int kLines = 20000;
  LogWriter log(writer_.Get());
  const std::string message(200, 'x');
  for (int i = 0; i < kLines; ++i) log.Write(LogFormat::kText, Line(message));
  const std::string before = ReadAll();
  const std::string line = FormatLine(LogFormat::kText, Line(message));
  const auto written = static_cast<int>(before.size() / line.size());
  EXPECT_EQ(before.size() % line.size(), 0u) << "a part of a line was written";
  EXPECT_GT(written, 100);
  EXPECT_LT(written, kLines);

  log.Write(LogFormat::kText, Line("again"));
  log.Write(LogFormat::kText, Line("and again"));
  EXPECT_EQ(ReadAll(), absl::StrCat("1970-01-01T00:00:00.000Z warning bpfrigd front: dropped ",
                                    kLines - written, " lines: the log had no room for them\n",
                                    "1970-01-01T00:00:00.000Z info bpfrigd front: again\n",
                                    "1970-01-01T00:00:00.000Z info bpfrigd front: and again\n"));
}

TEST_P(LogWriterTest, DoesNotMindThatTheReaderHasGone) {
  LogWriter log(writer_.Get());
  ::signal(SIGPIPE, SIG_IGN);
  reader_.Close();
  log.Write(LogFormat::kText, Line("x"));
  log.Write(LogFormat::kText, Line("x"));
}

// A file may become so long, as if its disk were full then.
class FileLimit {
 public:
  explicit FileLimit(size_t bytes) {
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    ::signal(SIGXFSZ, SIG_IGN);
  }
  ~FileLimit() { EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before_), 0); }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  rlimit before_{};
};

TEST(LogWriterOnADiskTest, CountsALineOfWhichOnlyAPartFitAndBeginsTheNextOnALineOfItsOwn) {
  const common::TemporaryDirectory directory;
  const std::string path = directory / "log";
  const common::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  LogWriter log(file.Get());
  const auto write = [&](absl::string_view message) {
    log.Write(LogFormat::kText,
              {.time = absl::UnixEpoch(), .level = LogLevel::kInfo, .process = "front", .message = message});
  };
  const std::string begin = "1970-01-01T00:00:00.000Z info bpfrigd front: ";
  {
    const FileLimit limit(begin.size() + 3);
    write("cut off");
    write("missing");
  }
  write("again");
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), absl::StrCat(begin, "cut\n1970-01-01T00:00:00.000Z warning bpfrigd front: dropped 2 ",
                                     "lines: the log had no room for them\n", begin, "again\n"));
}

INSTANTIATE_TEST_SUITE_P(PipeAndSocket, LogWriterTest, ::testing::Bool());

}  // namespace
}  // namespace bpfrig::base
