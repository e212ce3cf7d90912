// Package library counts packets by flow. What a flow is it takes from a package of its own
// module, as any Go program would.
package library

import (
	"sync/atomic"

	"tinybpf/ebpf"
	"tinybpf/programs/library/flow"
)

var flows = ebpf.LRUHash[flow.Flow, uint64]{MaxEntries: 10240}

//bpf:section tcx/ingress
func ingress(ctx *ebpf.SKB) ebpf.TCAction {
	var f flow.Flow
	if flow.Of(ctx, &f) {
		if n := flows.LookupOrZero(f); n != nil {
			atomic.AddUint64(n, 1)
		}
	}
	return ebpf.TCUnspec
}
