#include "common/interrupt.hpp"

#include "common/progress.hpp"

#include <unistd.h>

namespace phew::tools {

void exit_on_interrupt() {
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler == SIG_IGN) continue;
    action.sa_handler = [](int received) {
      erase_drawn_bar();
      ::_exit(128 + received);
    };
    ::sigaction(signal, &action, nullptr);
  }
}

HoldInterrupts::HoldInterrupts() {
  sigset_t held;
  ::sigemptyset(&held);
  ::sigaddset(&held, SIGINT);
  ::sigaddset(&held, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &held, &before_);
}

HoldInterrupts::~HoldInterrupts() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace phew::tools
