package ebpf

// Loop calls body with 0, 1, … below n until body gives false, and tells how many calls were
// made. The verifier looks at body once, so n may be large (up to 1 << 23). Linux 5.17.
//
//bpf:builtin callback
func Loop(n uint32, body func(i uint32) bool) uint32 {
	return loop(n, body)
}

// ForEach calls body with each entry until body gives false. Linux 5.13.
//
//bpf:builtin callback
func (m *hash[K, V, As]) ForEach(body func(key *K, value *V) bool) {
	forEach(m.use(), body)
}
