// Ends the programs of tests/objects/spin.bpf.c, which nothing else ends.
#pragma once

namespace bpfrig::tests {

// Has every one that runs return soon. Fails the test if there is none.
void StopSpinning();

}  // namespace bpfrig::tests
