// What must be settled before LibTorch works well in a process.
#pragma once

namespace phew {

/// Call first thing in main. Does two things:
/// - Threads that wait for work must sleep, not spin: on a busy machine libgomp's spinning makes small steps several
///   times slower, and OpenBLAS's costs as much time in the kernel as the products take. Both libraries read their
///   variables when they are loaded, before main, so they cannot be set from within: this sets OMP_WAIT_POLICY and
///   OPENBLAS_THREAD_TIMEOUT, where the user has not, and executes the program anew, once.
/// - glibc's malloc gives the memory of large tensors back to the system after each step: the thresholds are raised.
/// Returns normally in the second process, and in the first if it cannot be executed anew.
void prepare_process(char** argv);

}  // namespace phew
