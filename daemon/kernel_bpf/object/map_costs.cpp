#include "daemon/kernel_bpf/object/map_costs.h"

#include <bpf/libbpf.h>

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_bpf {
namespace {

MapShape ShapeOf(const struct bpf_map* map) {
  return {.type = static_cast<uint32_t>(bpf_map__type(map)),
          .key_size = bpf_map__key_size(map),
          .value_size = bpf_map__value_size(map),
          .max_entries = bpf_map__max_entries(map),
          .flags = bpf_map__map_flags(map),
          .extra = bpf_map__map_extra(map)};
}

// What the spec says of one map; more than one choice is refused later, or the last one counts.
struct Chosen {
  uint32_t max_entries = 0;
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  std::optional<uint32_t> flags;
  // Of what makes it large.
  std::string field;
  bool is_shared = false;
};

Chosen ChosenFor(const std::string& map, const std::vector<MapChoice>& choices) {
  Chosen chosen;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (choices[i].map != map) continue;
    if (choices[i].shared_fd >= 0) chosen.is_shared = true;
    if (choices[i].key_size != 0) chosen.key_size = choices[i].key_size;
    if (choices[i].flags) chosen.flags = choices[i].flags;
    if (choices[i].value_size != 0) {
      chosen.value_size = choices[i].value_size;
      chosen.field = absl::StrCat("maps[", i, "].value_size");
    }
    if (choices[i].max_entries != 0) {
      chosen.max_entries = choices[i].max_entries;
      chosen.field = absl::StrCat("maps[", i, "].max_entries");
    }
  }
  return chosen;
}

MapShape ShapeAs(const DeclaredMap& declared, const std::vector<MapChoice>& choices) {
  MapShape shape = ShapeOf(declared.map);
  const Chosen chosen = ChosenFor(declared.name, choices);
  if (chosen.max_entries != 0) shape.max_entries = chosen.max_entries;
  if (chosen.key_size != 0) shape.key_size = chosen.key_size;
  if (chosen.value_size != 0) shape.value_size = chosen.value_size;
  if (chosen.flags) shape.flags = *chosen.flags;
  return shape;
}

uint64_t CostAs(const DeclaredMap& declared, const std::vector<MapChoice>& choices, uint32_t cpus) {
  return EstimateMapMemory(ShapeAs(declared, choices), cpus);
}

absl::Status CheckShape(const std::string& map, const MapShape& shape) {
  if (CanBeFreed(shape.type, shape.max_entries)) return absl::OkStatus();
  const absl::Status status = base::MakeError(
      base::Reason::kLimitReached, absl::StrCat("making map ", map, " of ", shape.max_entries,
                                                " entries: the kernel can free a map of 2147483647 at most"));
  return base::WithHint(base::WithObject(status, map), "give it fewer entries");
}

}  // namespace

std::vector<MapCost> CostsOfMaps(const std::vector<DeclaredMap>& maps, const std::vector<MapChoice>& choices,
                                 uint32_t possible_cpus) {
  std::vector<MapCost> costs;
  for (const DeclaredMap& declared : maps) {
    const Chosen chosen = ChosenFor(declared.name, choices);
    if (chosen.is_shared) continue;
    costs.push_back({declared.name, chosen.field, CostAs(declared, choices, possible_cpus)});
    if (const struct bpf_map* inner = bpf_map__inner_map(declared.map); inner != nullptr) {
      costs.push_back(
          {absl::StrCat(declared.name, ".inner"), "", EstimateMapMemory(ShapeOf(inner), possible_cpus)});
    }
  }
  // OpenedObject makes these templates itself.
  for (const MapChoice& choice : choices) {
    for (const DeclaredMap& declared : maps) {
      if (choice.inner_fd >= 0 || choice.inner_map.empty() || declared.name != choice.inner_map) continue;
      costs.push_back({absl::StrCat(choice.map, ".inner"), "", CostAs(declared, choices, possible_cpus)});
    }
  }
  return costs;
}

absl::Status CheckEntries(const std::vector<DeclaredMap>& maps, const std::vector<MapChoice>& choices) {
  for (const DeclaredMap& declared : maps) {
    const Chosen chosen = ChosenFor(declared.name, choices);
    if (chosen.is_shared) continue;
    BPFRIG_RETURN_IF_ERROR(base::WithField(CheckShape(declared.name, ShapeAs(declared, choices)),
                                           chosen.field.empty() ? "object" : chosen.field));
    if (const struct bpf_map* inner = bpf_map__inner_map(declared.map); inner != nullptr) {
      BPFRIG_RETURN_IF_ERROR(
          base::WithField(CheckShape(absl::StrCat(declared.name, ".inner"), ShapeOf(inner)), "object"));
    }
  }
  return absl::OkStatus();
}

}  // namespace bpfrig::kernel_bpf
