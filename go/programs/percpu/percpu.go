// Package percpu counts packets and bytes by IP protocol. Each CPU has counters of its own, so
// that no CPU waits for another one; user space adds them up.
package percpu

import "tinybpf/ebpf"

// Traffic is what was seen of one protocol.
type Traffic struct {
	Packets, Bytes uint64
}

var traffic = ebpf.PerCPUArray[Traffic]{MaxEntries: 256}

//bpf:section tcx/ingress
func count(ctx *ebpf.SKB) ebpf.TCAction {
	if ctx.Protocol() != ebpf.EtherTypeIPv4 {
		return ebpf.TCUnspec
	}
	ip := ebpf.Header[ebpf.IPv4](ctx, ebpf.EthernetLen)
	if ip == nil {
		return ebpf.TCUnspec
	}
	if t := traffic.Lookup(uint32(ip.Protocol)); t != nil {
		t.Packets++
		t.Bytes += uint64(ctx.Len)
	}
	return ebpf.TCUnspec
}
