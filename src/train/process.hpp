// What must be settled before LibTorch works well in a process.
#pragma once

namespace phew {

/// Call first thing in main. Does two things, both measured to matter:
/// - libgomp's threads spin while they wait, which slows small steps several times on a busy machine. It reads
///   OMP_WAIT_POLICY when it is loaded, before main, so the variable cannot be set from within: this executes the
///   program anew with OMP_WAIT_POLICY=passive, once, unless that variable or GOMP_SPINCOUNT is set.
/// - glibc's malloc gives the memory of large tensors back to the system after each step: the thresholds are raised.
/// Returns normally in the second process (and in the first if it cannot be executed anew).
void prepare_process(char** argv);

}  // namespace phew
