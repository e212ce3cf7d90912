package main

import "tinybpf/ebpf"

var size uint32 = 64

func entries() uint32 { return size * 2 }

var byVariable = ebpf.Hash[uint32, uint64]{MaxEntries: size}

var byCall = ebpf.Array[uint64]{MaxEntries: entries()}

var byHelper = ebpf.Array[uint64]{MaxEntries: ebpf.GetPrandomU32()}

var started = ebpf.Now()

var table = [4]*uint32{&size}

var names = map[string]int32{"a": 1}

var channel = make(chan int32)

var ratio = 0.5

var endless = forever()

func forever() (n int32) {
	for {
		n++
	}
}

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	if ratio > 0.1 {
		return ebpf.XDPDrop
	}
	<-channel
	return ebpf.XDPAction(names["a"] + endless + int32(started) + int32(*table[0]))
}
