#include "phew-train/stop_signal.hpp"

#include <csignal>
#include <initializer_list>

namespace phew::tools {
namespace {

volatile std::sig_atomic_t received_signal = 0;

void install(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
}

}  // namespace

StopSignal::StopSignal() {
  received_signal = 0;
  install([](int signal) { received_signal = signal; });
}

StopSignal::~StopSignal() { install(SIG_DFL); }

int StopSignal::number() { return received_signal; }

}  // namespace phew::tools
