#include "bench/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace bpfrig::bench {
namespace {

constexpr double kWidth = 640;
constexpr double kHeight = 400;
// Around the axes: for their numbers, and on the right for the curves' names.
constexpr double kLeft = 60;
constexpr double kRight = 150;
constexpr double kTop = 30;
constexpr double kBottom = 50;
// Colours that people who see red and green alike can tell apart.
constexpr std::array<const char*, 4> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7"};

template <typename... Arguments>
std::string Format(const char* format, Arguments... arguments) {
  std::array<char, 512> text{};
  std::snprintf(text.data(), text.size(), format, arguments...);
  return text.data();
}

// From one power of ten to another, over a length of the picture.
struct Axis {
  int first;
  int last;
  double start;
  double length;

  [[nodiscard]] double Place(double value) const {
    return start + length * (std::log10(value) - first) / (last - first);
  }
};

Axis AxisOf(const std::vector<double>& values, double start, double length) {
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  const int first = static_cast<int>(std::floor(std::log10(*least)));
  const int last = static_cast<int>(std::ceil(std::log10(*greatest)));
  return {first, std::max(last, first + 1), start, length};
}

// "1", "1,000", "0.1".
std::string PowerOfTen(int exponent) {
  if (exponent < 0) return Format("%.*f", -exponent, std::pow(10, exponent));
  std::string digits = "1" + std::string(static_cast<size_t>(exponent), '0');
  for (auto place = static_cast<int>(digits.size()) - 3; place > 0; place -= 3) {
    digits.insert(static_cast<size_t>(place), ",");
  }
  return digits;
}

}  // namespace

std::string Plot(const std::string& x_name, const std::string& y_name, const std::vector<Curve>& curves) {
  std::vector<double> xs;
  std::vector<double> ys;
  for (const Curve& curve : curves) {
    for (const auto& [x, y] : curve.points) {
      xs.push_back(x);
      ys.push_back(y);
    }
  }
  const double bottom = kHeight - kBottom;
  const double right = kWidth - kRight;
  const Axis across = AxisOf(xs, kLeft, right - kLeft);
  const Axis up = AxisOf(ys, bottom, kTop - bottom);
  std::string svg = Format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n<rect width=\"%.0f\" height=\"%.0f\" fill=\"white\"/>\n",
      kWidth, kHeight, kWidth, kHeight);
  const char* line = "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n";
  const char* text = "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n";
  for (int power = across.first; power <= across.last; ++power) {
    const double x = across.Place(std::pow(10, power));
    svg +=
        Format(line, x, kTop, x, bottom) + Format(text, x, bottom + 18, "middle", PowerOfTen(power).c_str());
  }
  for (int power = up.first; power <= up.last; ++power) {
    const double y = up.Place(std::pow(10, power));
    svg +=
        Format(line, kLeft, y, right, y) + Format(text, kLeft - 6, y + 4, "end", PowerOfTen(power).c_str());
  }
  svg += Format(text, (kLeft + right) / 2, kHeight - 10, "middle", x_name.c_str());
  svg += Format(text, kLeft - 50, kTop - 12, "start", y_name.c_str());
  for (size_t i = 0; i < curves.size(); ++i) {
    const char* colour = kColours[i % kColours.size()];
    std::string points;
    for (const auto& [x, y] : curves[i].points) points += Format("%.1f,%.1f ", across.Place(x), up.Place(y));
    svg += Format("<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour) + points +
           "\"/>\n";
    const auto& [x, y] = curves[i].points.back();
    svg += Format("<text x=\"%.1f\" y=\"%.1f\" fill=\"%s\">%s</text>\n", across.Place(x) + 6, up.Place(y) + 4,
                  colour, curves[i].name.c_str());
  }
  return svg + "</svg>\n";
}

}  // namespace bpfrig::bench
