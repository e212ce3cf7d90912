// Refused: a socket that may be nil is released.
package bpf

import "tinybpf/ebpf"

//bpf:section tc
func releases(ctx *ebpf.SKB) ebpf.TCAction {
	var tuple ebpf.SockTuple
	sock := ebpf.SkLookupTcp(ctx, &tuple, 12, 0, 0)
	ebpf.SkRelease(sock)
	return ebpf.TCOK
}
