package main

import "tinybpf/ebpf"

var misspelt = ebpf.Hash[uint32, uint64]{MaxEntry: 64}

var extra = ebpf.RingBuf[uint64]{MaxEntries: 4096}

var kind = ebpf.Hsah[uint32, uint64]{MaxEntries: 1}

var one = ebpf.Hash[uint32]{MaxEntries: 1}

var uncomparable = ebpf.Hash[[]byte, uint64]{MaxEntries: 1}

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPActon {
	misspelt.Lokup(1)
	misspelt.Lookup("x")
	misspelt.Update(1)
	ebpf.GetCurentTask()
	ebpf.Printk(1)
	return ebpf.XDPPass
}
