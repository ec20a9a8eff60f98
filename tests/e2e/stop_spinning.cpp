#include "tests/e2e/stop_spinning.h"

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cstdint>
#include <string>

#include "common/fd.h"

namespace bpfrig::tests {

void StopSpinning() {
  size_t stopped = 0;
  for (uint32_t id = 0; ::bpf_map_get_next_id(id, &id) == 0;) {
    const common::Fd map(::bpf_map_get_fd_by_id(id));
    bpf_map_info info{};
    uint32_t size = sizeof(info);
    // Maps of others may go meanwhile.
    if (::bpf_obj_get_info_by_fd(map.Get(), &info, &size) != 0 || std::string(info.name) != "spin.bss")
      continue;
    // All variables that are 0 at first: what counts is that `stop` is not any more.
    const std::string ones(info.value_size, '\1');
    const uint32_t key = 0;
    EXPECT_EQ(::bpf_map_update_elem(map.Get(), &key, ones.data(), BPF_ANY), 0);
    ++stopped;
  }
  EXPECT_GT(stopped, 0U) << "no program spins";
}

}  // namespace bpfrig::tests
