// Refused: a header is read after a call that may have moved the packet.
package bpf

import "tinybpf/ebpf"

//bpf:section tc
func stale(ctx *ebpf.SKB) ebpf.TCAction {
	eth := ebpf.Header[ebpf.Ethernet](ctx, 0)
	if eth == nil {
		return ebpf.TCOK
	}
	ebpf.SkbPullData(ctx, 64)
	if eth.Type.Uint16() == ebpf.EtherTypeIPv4 {
		return ebpf.TCShot
	}
	return ebpf.TCOK
}
