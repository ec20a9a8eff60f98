// All descriptors from a number on, of this process: for one that is about to become another program, or to
// read what it does not trust. Nothing here allocates, so that a child may call it right after it was made.
#pragma once

namespace bpfrig::common {

// Makes them CLOEXEC.
void SealFdsFrom(int first);
// Closes them.
void CloseFdsFrom(int first);

// What these two do in a kernel without close_range (its flag came with 5.11, itself with 5.9) or under a
// filter that refuses it: one by one, as /proc lists them, or if there is none, up to the limit.
void SealListedFdsFrom(int first);
void CloseListedFdsFrom(int first);

}  // namespace bpfrig::common
