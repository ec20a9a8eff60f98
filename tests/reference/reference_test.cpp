// docs/reference.md: its tables are those that the code has. BPFRIG_UPDATE_GOLDEN=1 writes them anew.
#include "tests/reference/reference_page.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/documents.h"

namespace bpfrig::tests {
namespace {

const std::string kDocs = BPFRIG_SOURCE "/docs/";

TEST(ReferenceTest, HasTheTablesThatTheCodeHas) {
  const std::string attach_types = ReadAll(kDocs + "attach-types.md");
  ASSERT_NE(attach_types.find("cgroup/connect4"), std::string::npos);
  ExpectTable(kDocs + "reference.md", ReferenceTables(attach_types), "reference_test");
}

TEST(ReferenceTest, TellsEditorsOfEveryTag) {
  ExpectTable(kDocs + "reference.md", "```json\n" + EditorSettings() + "```\n",
              "reference_test, for editors");
}

}  // namespace
}  // namespace bpfrig::tests
