package same

import "tinybpf/ebpf"

var chain = ebpf.ProgArray{MaxEntries: 2}

// again calls itself as often as it may; user space puts it into the array at 0.
//
//bpf:section xdp
func again(ctx *ebpf.XDP) ebpf.XDPAction {
	put(int64(written))
	chain.TailCall(ctx, 1) // nothing is there
	chain.TailCall(ctx, 2) // past the end
	chain.TailCall(ctx, 0)
	put(-1)
	return ebpf.XDPTX
}
