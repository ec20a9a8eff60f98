// Plot: curves in a file that a browser shows, both axes logarithmic.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bpfrig::bench {

struct Curve {
  std::string name;
  // Both greater than zero; from the least x to the greatest.
  std::vector<std::pair<double, double>> points;
};

// As SVG. The axes go over whole powers of ten.
[[nodiscard]] std::string Plot(const std::string& x_name, const std::string& y_name,
                               const std::vector<Curve>& curves);

}  // namespace bpfrig::bench
