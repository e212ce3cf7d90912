// Refused: the program returns with the lock held.
package bpf

import "tinybpf/ebpf"

type Value struct {
	Lock ebpf.SpinLock
	N    uint64
}

var values = ebpf.Array[Value]{MaxEntries: 1}

//bpf:section tc
func holds(ctx *ebpf.SKB) ebpf.TCAction {
	v := values.Lookup(0)
	if v == nil {
		return ebpf.TCOK
	}
	v.Lock.Lock()
	v.N++
	if v.N > 10 {
		return ebpf.TCShot
	}
	v.Lock.Unlock()
	return ebpf.TCOK
}
