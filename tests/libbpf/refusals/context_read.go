// Refused: only programs that send have an address that they send from.
package bpf

import "tinybpf/ebpf"

//bpf:section cgroup/connect4
func reads(ctx *ebpf.SockAddr) ebpf.Verdict {
	if ctx.MsgSrcIP4.Uint32() == 0 {
		return ebpf.Deny
	}
	return ebpf.Allow
}
