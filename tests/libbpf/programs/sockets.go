// Programs that decide over sockets, each in its own way.
package bpf

import "tinybpf/ebpf"

// port is the one that is not served, by whatever program is attached.
var port uint32 = 4242

// calls counts by program.
var calls = ebpf.Array[uint64]{MaxEntries: 8}

const (
	lookups = iota
	dissected
	chosen
	filtered
	hooked
	operations
)

const (
	drop = 0
	pass = 1
)

func count(which uint32) {
	if n := calls.Lookup(which); n != nil {
		*n++
	}
}

//bpf:section sk_lookup
func lookup(ctx *ebpf.SKLookup) int32 {
	if ctx.LocalPort != port {
		return pass
	}
	count(lookups)
	return drop
}

//bpf:section flow_dissector
func dissect(ctx ebpf.Context) int32 {
	count(dissected)
	return 2 // BPF_DROP: take the packet as one that cannot be taken apart
}

//bpf:section sk_reuseport
func nobody(ctx *ebpf.SKReuseport) int32 {
	count(chosen)
	return drop
}

//bpf:section socket
func second(ctx *ebpf.SKB) int32 {
	count(filtered)
	return 1
}

//bpf:section socket
func none(ctx *ebpf.SKB) int32 {
	count(filtered)
	return 0
}

//bpf:section netfilter
func hook(ctx ebpf.Context) int32 {
	count(hooked)
	return drop
}

//bpf:section netfilter
func accept(ctx ebpf.Context) int32 {
	count(hooked)
	return pass
}

//bpf:section sockops
func operation(ctx *ebpf.SockOps) int32 {
	if ctx.Op == ebpf.SockOpsTCPConnectCb {
		count(operations)
	}
	return 1
}
