#pragma once
// keep: what a process does that stands between this program and one of its children, so that
// nothing of the child outlives this program, however it ends: a SIGKILL leaves no moment to clean
// up, but it closes files.

#include <sys/types.h>

namespace scaler::emulator {

/// What is written to a keeper, one character each. The end of what it reads from kills.
inline constexpr char kTerminate = 'T';  ///< SIGTERM to the child alone, as ECS to process 1
inline constexpr char kKill = 'K';       ///< SIGKILL to the child's session

/// Makes this process, a fresh fork, the one to which the child's orphans are given. To be called
/// before the child is forked.
void become_keeper();

/// Stays until the child, a session's leader, has ended, then ends whatever it left behind, and
/// exits with the child's exit status, or 128 and the signal. `commands` is what it reads from;
/// all other files are closed. Calls nothing but what may be called after a fork of a program with
/// threads.
[[noreturn]] void keep(pid_t child, int commands, int nothing);

}  // namespace scaler::emulator
