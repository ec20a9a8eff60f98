// Objects that are broken: cut short, or changed at random. Reading them may crash the process, so a child
// does it; but it must not take nonsense for an object, and must not hang.
#include <bpf/btf.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <random>

#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/kernel_bpf/btf/elf_file.h"
#include "tests/kernel/kernel_bpf_fixture.h"

namespace bpfrig::kernel_bpf {
namespace {

using base::DetailOf;
using base::Reason;
using testing::HasSubstr;

constexpr int kLoaded = 10;
constexpr int kRefusedByKernel = 11;
constexpr int kBadObject = 12;
constexpr int kOtherError = 13;
// No parsing takes longer; SIGALRM ends the child.
constexpr unsigned kMaxSeconds = 30;
constexpr uint64_t kMaxMapBytes = uint64_t{256} << 20;

// As a worker does: a changed size can ask for a map of many gigabytes, and the kernel takes half a minute to
// make one.
absl::Status RefuseLargeMaps(const std::vector<MapCost>& costs) {
  const auto is_large = [](const MapCost& cost) { return cost.bytes > kMaxMapBytes; };
  return std::none_of(costs.begin(), costs.end(), is_large) ? absl::OkStatus()
                                                            : absl::ResourceExhaustedError("too large");
}

int Judge(const std::string& elf) {
  ObjectSpec spec;
  spec.admit_maps = RefuseLargeMaps;
  spec.name = "hostile";
  spec.elf = elf;
  absl::StatusOr<LoadOutcome> outcome = BpfObject::Load(spec);
  if (!outcome.ok())
    return DetailOf(outcome.status()).reason == Reason::kBadObject ? kBadObject : kOtherError;
  const auto* object = std::get_if<BpfObject>(&*outcome);
  if (object == nullptr) return kRefusedByKernel;
  for (const Program& program : object->programs()) (void)object->ListInstructions(program.name());
  return kLoaded;
}

// The wait status of a child that loads it.
int LoadInChild(const std::string& elf) {
  pid_t child = ::fork();
  if (child == 0) {
    // A sanitizer's handler would turn libbpf's crash into an exit status; its own findings stay failures.
    for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::signal(fault, SIG_DFL);
    ::alarm(kMaxSeconds);
    ::_exit(Judge(elf));
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

// With maps of today and of old.
class KernelBpfHostileObjectTest : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Maps, KernelBpfHostileObjectTest, testing::Values("all_maps", "old_maps"),
                         [](const auto& object) { return object.param; });

TEST_P(KernelBpfHostileObjectTest, IsRefusedIfCutOffAnywhere) {
  std::string elf = ReadTestObject(GetParam());
  ASSERT_EQ(WEXITSTATUS(LoadInChild(elf)), kLoaded) << "uncut, it is fine";
  for (size_t size = 0; size < elf.size(); size += 257) {
    int status = LoadInChild(elf.substr(0, size));
    ASSERT_TRUE(WIFEXITED(status)) << "at " << size << " bytes: signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), kBadObject) << "at " << size << " bytes";
  }
}

TEST_P(KernelBpfHostileObjectTest, HangsNobodyIfChangedAtRandom) {
  std::string elf = ReadTestObject(GetParam());
  std::mt19937 random(4711);
  int refused = 0;
  for (int round = 0; round < 200; ++round) {
    std::string changed = elf;
    for (int i = 0; i < 8; ++i) changed[random() % changed.size()] = static_cast<char>(random());
    int status = LoadInChild(changed);
    if (WIFSIGNALED(status)) {
      EXPECT_NE(WTERMSIG(status), SIGALRM) << "round " << round << " hangs";
      ++refused;
    } else {
      EXPECT_GE(WEXITSTATUS(status), kLoaded);
      EXPECT_LE(WEXITSTATUS(status), kOtherError);
      refused += WEXITSTATUS(status) != kLoaded ? 1 : 0;
    }
  }
  EXPECT_GT(refused, 20) << "hardly any of the changes was noticed";
}

// The object with its BTF changed by `change`, which gets the types where they lie in it.
std::string WithBtf(std::string elf, const std::function<void(struct btf*)>& change) {
  const size_t section = FindElfSection(elf, ".BTF")->data() - elf.data();
  const absl::StatusOr<BtfTypes> types = BtfTypes::FromElf(elf);
  change(const_cast<struct btf*>(types->types().get()));
  uint32_t size = 0;
  const void* raw = btf__raw_data(types->types().get(), &size);
  return elf.replace(section, size, static_cast<const char*>(raw), size);
}

struct btf_type* FindType(struct btf* btf, const char* name, int kind) {
  const int id = btf__find_by_name_kind(btf, name, static_cast<uint32_t>(kind));
  EXPECT_GT(id, 0) << name;
  return const_cast<struct btf_type*>(btf__type_by_id(btf, static_cast<uint32_t>(id)));
}

// Libbpf 1.1.2 crashes on each of these.
TEST(KernelBpfHostileTest, RefusesBtfThatRefersToWhatIsNotThere) {
  constexpr uint32_t kMissing = 4711;
  const std::string maps = ReadTestObject("all_maps");
  const std::string struct_ops = ReadTestObject("struct_ops");
  const std::string objects[] = {
      WithBtf(maps, [](struct btf* btf) { FindType(btf, "hash", BTF_KIND_VAR)->type = kMissing; }),
      WithBtf(maps,
              [](struct btf* btf) {
                btf_var_secinfos(FindType(btf, ".maps", BTF_KIND_DATASEC))->type = kMissing;
              }),
      WithBtf(maps, [](struct btf* btf) { FindType(btf, ".maps", BTF_KIND_DATASEC)->name_off = 1 << 24; }),
      // The type of the definition's first member, which is a pointer to an array.
      WithBtf(maps,
              [](struct btf* btf) {
                const uint32_t definition = FindType(btf, "hash", BTF_KIND_VAR)->type;
                auto* type = const_cast<struct btf_type*>(btf__type_by_id(btf, definition));
                btf_members(type)->type = kMissing;
              }),
      WithBtf(struct_ops,
              [](struct btf* btf) {
                btf_members(FindType(btf, "tcp_congestion_ops", BTF_KIND_STRUCT))->type = kMissing;
              }),
  };
  for (size_t i = 0; i < std::size(objects); ++i) {
    const int status = LoadInChild(objects[i]);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == kBadObject)
        << "object " << i << ": wait status " << status;
  }
}

TEST(KernelBpfHostileTest, RefusesASecondSectionOfTypes) {
  std::string elf = ReadTestObject("all_maps");
  const size_t name = elf.rfind(".BTF.ext");
  ASSERT_NE(name, std::string::npos);
  elf[name + 4] = '\0';
  const int status = LoadInChild(elf);
  ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), kBadObject);
}

// Whatever the limit on memory is: the kernel would crash on freeing it.
TEST(KernelBpfHostileTest, RefusesMoreEntriesThanTheKernelCanFree) {
  TestSpec test("all_maps");
  // No map is made even if the number is not noticed.
  test.spec.admit_maps = [](const std::vector<MapCost>&) { return absl::InternalError("not noticed"); };
  MapChoice choice;
  choice.map = "sockmap";
  choice.max_entries = uint32_t{1} << 31;
  test.spec.maps = {choice};
  const absl::Status status = BpfObject::Load(test.spec).status();
  EXPECT_EQ(DetailOf(status).reason, Reason::kLimitReached) << status;
  EXPECT_EQ(DetailOf(status).field, "maps[0].max_entries");
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("making map sockmap of 2147483648 entries: the kernel can free a map of"));
}

TEST(KernelBpfHostileTest, RefusesMapNamesThatLeadElsewhere) {
  std::string elf = ReadTestObject("kernel_bpf_hooks");
  // The map "sockets", in the symbols' names and in BTF alike.
  size_t found = 0;
  for (size_t at = elf.find("sockets"); at != std::string::npos; at = elf.find("sockets", at)) {
    elf.replace(at, 7, "../evil");
    ++found;
  }
  ASSERT_GE(found, 2U);
  ObjectSpec spec;
  spec.name = "hostile";
  spec.elf = elf;
  absl::Status status = BpfObject::Load(spec).status();
  EXPECT_EQ(DetailOf(status).reason, Reason::kBadObject);
  EXPECT_THAT(std::string(status.message()), HasSubstr("../evil"));
}

TEST(KernelBpfHostileTest, RefusesObjectsForOtherMachines) {
  std::string elf = ReadFile("/proc/self/exe");
  ObjectSpec spec;
  spec.name = "hostile";
  spec.elf = elf;
  absl::Status status = BpfObject::Load(spec).status();
  EXPECT_EQ(DetailOf(status).field, "object");
  EXPECT_THAT(std::string(status.message()), HasSubstr("not for BPF"));
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
