// Refused: a cgroup program says yes or no.
package bpf

import "tinybpf/ebpf"

//bpf:section cgroup/connect4
func answers(ctx *ebpf.SockAddr) ebpf.Verdict {
	return ebpf.Verdict(ctx.Port())
}
