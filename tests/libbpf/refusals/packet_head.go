// Refused: the same for XDP, where the packet's start moves.
package bpf

import "tinybpf/ebpf"

//bpf:section xdp
func stale(ctx *ebpf.XDP) ebpf.XDPAction {
	eth := ebpf.Header[ebpf.Ethernet](ctx, 0)
	if eth == nil {
		return ebpf.XDPPass
	}
	if ebpf.XdpAdjustHead(ctx, -4) != 0 {
		return ebpf.XDPDrop
	}
	eth.Src = eth.Dst
	return ebpf.XDPTX
}
