// What a guest tells the machine that runs it, over its second serial port: frames of a kind, a length as
// four bytes with the lowest first, and so many bytes. init/main.cpp writes them, frame_reader.h reads them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bpfrig::client::guest {

enum class FrameKind : char {
  // The kernel has come up; its release.
  kBooted = 'B',
  // Nothing but a second gone by.
  kAlive = 'A',
  // What the client printed.
  kOutput = 'O',
  // A file of the job's folders: the folder's place among them, '/', its path below, a zero, its bytes.
  kFile = 'P',
  // The client's report, whole.
  kReport = 'R',
  // The client has ended: its exit status, or 128 and its signal, as text.
  kExit = 'X',
  // The guest could not begin: one sentence.
  kFailed = 'F',
};

inline constexpr size_t kFrameHeaderBytes = 5;
// More than any report.
inline constexpr uint32_t kMaxFrameBytes = 256U << 20U;

// Where a guest finds what to do.
inline constexpr const char* kJobDirectoryFile = "/job/directory";
// Each ends with a zero.
inline constexpr const char* kJobArgumentsFile = "/job/arguments";
inline constexpr const char* kJobEnvironmentFile = "/job/environment";
// Absolute paths: what the client writes below them is sent.
inline constexpr const char* kJobFoldersFile = "/job/folders";
inline constexpr const char* kJobReportFile = "/job/report.json";

}  // namespace bpfrig::client::guest
