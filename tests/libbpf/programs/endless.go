// The verifier gives up on this program: it walks each turn of the loop.
package main

import "unsafe"

//go:extern bpf_ktime_get_ns
func bpfKtimeGetNs() uint64

//bpf:section xdp
//export endless
func endless(ctx unsafe.Pointer) int32 {
	sum := uint64(0)
	for i := uint64(0); i < 100000000; i++ {
		sum ^= i * bpfKtimeGetNs()
	}
	return int32(sum & 3)
}
