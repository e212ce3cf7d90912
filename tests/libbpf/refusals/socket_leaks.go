// Refused: a socket that was looked up is not released.
package bpf

import "tinybpf/ebpf"

//bpf:section tc
func leaks(ctx *ebpf.SKB) ebpf.TCAction {
	var tuple ebpf.SockTuple
	sock := ebpf.SkLookupTcp(ctx, &tuple, 12, 0, 0)
	if sock != nil {
		return ebpf.TCShot
	}
	return ebpf.TCOK
}
