#include "common/open_fds.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace bpfrig::common {
namespace {

// As the system call fills it in; readdir() would allocate.
struct Entry {
  uint64_t inode;
  int64_t next;
  uint16_t length;
  uint8_t type;
  char name[1];
};

// The descriptor that an entry names; -1 for "." and "..".
int NumberOf(const char* name) {
  int number = 0;
  for (const char* digit = name; *digit != '\0'; ++digit) {
    if (*digit < '0' || *digit > '9') return -1;
    number = number * 10 + (*digit - '0');
  }
  return number;
}

template <typename Use>
bool ForEachListed(int first, const Use& use) {
  const int directory = ::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return false;
  alignas(Entry) char buffer[4096];
  long size = 0;
  while ((size = ::syscall(SYS_getdents64, directory, buffer, sizeof(buffer))) > 0) {
    for (long place = 0; place < size;) {
      uint16_t length = 0;
      std::memcpy(&length, buffer + place + offsetof(Entry, length), sizeof(length));
      const int number = NumberOf(buffer + place + offsetof(Entry, name));
      if (number >= first && number != directory) use(number);
      place += length;
    }
  }
  ::close(directory);
  return size == 0;
}

template <typename Use>
void ForEach(int first, const Use& use) {
  if (ForEachListed(first, use)) return;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  for (rlim_t number = static_cast<rlim_t>(first); number < files.rlim_cur; ++number) {
    use(static_cast<int>(number));
  }
}

void Seal(int number) {
  const int flags = ::fcntl(number, F_GETFD);
  if (flags >= 0) (void)::fcntl(number, F_SETFD, flags | FD_CLOEXEC);
}

}  // namespace

void SealFdsFrom(int first) {
  if (::syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) != 0) SealListedFdsFrom(first);
}

void CloseFdsFrom(int first) {
  if (::syscall(SYS_close_range, first, ~0U, 0) != 0) CloseListedFdsFrom(first);
}

void SealListedFdsFrom(int first) { ForEach(first, Seal); }

void CloseListedFdsFrom(int first) {
  ForEach(first, [](int number) { (void)::close(number); });
}

}  // namespace bpfrig::common
