// Refused: XDP programs have no function whose result they could override.
package bpf

import "tinybpf/ebpf"

//bpf:section xdp
func signals(ctx *ebpf.XDP) ebpf.XDPAction {
	if ebpf.Redirect(1, 0) == 1 {
		return ebpf.XDPDrop
	}
	ebpf.OverrideReturn(ctx, 1)
	return ebpf.XDPPass
}
