// How inner loops are compiled for wider vectors than the baseline's, with the same results bit for bit: their sums and
// products have a fixed order, and the build contracts nothing (-ffp-contract=off).
#pragma once

/// Before a function: compiled for AVX-512, AVX2 and the baseline; the loader picks what the machine has.
#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define PHEW_FOR_EACH_CPU __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define PHEW_FOR_EACH_CPU
#endif

/// Before a function that such a function calls: it becomes part of each of its versions.
#define PHEW_INLINE [[gnu::always_inline]] inline
