package ebpf

// Loop calls body with 0, 1, … below n until body gives false, and tells how many calls were
// made. The verifier looks at body once, so that n may be large: up to 1 << 23; beyond that no call
// is made, and Loop gives 1<<32 - 7 (E2BIG). A panic in body ends the program. Linux 5.17.
//
//bpf:builtin loop
func Loop(n uint32, body func(i uint32) bool) uint32 {
	return loop(n, body)
}

// ForEach calls body with each entry until body gives false, in no order. The value is the map's
// own, the key only to be read. A panic in body ends the program. Linux 5.13.
//
//bpf:builtin for_each
func (m *hash[K, V, As]) ForEach(body func(key *K, value *V) bool) {
	forEach(m.use(), body)
}
