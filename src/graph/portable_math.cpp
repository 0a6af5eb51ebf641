#include "graph/portable_math.hpp"

#include <array>
#include <cmath>

namespace phew {
namespace {

constexpr double ln2_high = 0x1.62e42fee00000p-1;  // its low bits are 0, so that exponent · ln2_high is exact
constexpr double ln2_low = 0x1.a39ef35793c76p-33;

using Coefficients = std::array<double, 8>;

/// Σ c[i] · x^i by Horner's rule.
double polynomial(const Coefficients& c, double x) {
  double sum = c.back();
  for (std::size_t i = c.size() - 1; i-- > 0;) sum = sum * x + c[i];
  return sum;
}

// Coefficients of AS 241: numerators and denominators near the centre, in the middle and in the far tail.
constexpr Coefficients centre_p{3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                3.3430575583588128105e4, 2.5090809287301226727e3};
constexpr Coefficients centre_q{1.0,
                                4.2313330701600911252e1,
                                6.8718700749205790830e2,
                                5.3941960214247511077e3,
                                2.1213794301586595867e4,
                                3.9307895800092710610e4,
                                2.8729085735721942674e4,
                                5.2264952788528545610e3};
constexpr Coefficients middle_p{1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                                3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr Coefficients middle_q{1.0,
                                2.05319162663775882187e0,
                                1.67638483018380384940e0,
                                6.89767334985100004550e-1,
                                1.48103976427480074590e-1,
                                1.51986665636164571966e-2,
                                5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
constexpr Coefficients tail_p{6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                              2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                              2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr Coefficients tail_q{1.0,
                              5.99832206555887937690e-1,
                              1.36929880922735805310e-1,
                              1.48753612908506148525e-2,
                              7.86869131145613259100e-4,
                              1.84631831751005468180e-5,
                              1.42151175831644588870e-7,
                              2.04426310338993978564e-15};

}  // namespace

double portable_log(double x) {
  // x = m · 2^e with m in [√½, √2); ln m = 2 artanh s, s = (m − 1) / (m + 1), |s| ≤ 0.1716.
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0x1.6a09e667f3bcdp-1) {
    m *= 2;
    --exponent;
  }
  const double s = (m - 1) / (m + 1);
  const double s2 = s * s;
  double series = 0;
  for (int k = 23; k >= 1; k -= 2) series = series * s2 + 1.0 / k;
  return exponent * ln2_high + (2 * s * series + exponent * ln2_low);
}

double portable_exp(double x) {
  // e^x = 2^n · e^r, |r| ≤ ½ ln 2.
  constexpr double most = 2000;  // beyond it the result is 0 or infinite
  x = x > most ? most : x < -most ? -most : x;
  const double n = std::floor(x / (ln2_high + ln2_low) + 0.5);
  const double r = (x - n * ln2_high) - n * ln2_low;
  double series = 1;
  for (int k = 15; k >= 1; --k) series = 1 + r * series / k;
  return std::ldexp(series, static_cast<int>(n));
}

double normal_quantile(double p) {
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(centre_p, r) / polynomial(centre_q, r);
  }
  const double r = std::sqrt(-portable_log(q < 0 ? p : 1 - p));
  const double x = r <= 5 ? polynomial(middle_p, r - 1.6) / polynomial(middle_q, r - 1.6)
                          : polynomial(tail_p, r - 5) / polynomial(tail_q, r - 5);
  return q < 0 ? -x : x;
}

}  // namespace phew
