package main

import "tinybpf/ebpf"

type queue struct {
	in  chan int32
	out <-chan int32
}

var signal chan struct{}

func send(c chan<- int32, n int32) { c <- n }

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	close(signal)
	var q queue
	n, ok := <-q.out
	send(q.in, n)
	if len(q.in) > 0 || cap(q.in) > 0 || !ok {
		return ebpf.XDPDrop
	}
	select {
	case m := <-q.out:
		return ebpf.XDPAction(m)
	default:
	}
	return ebpf.XDPPass
}
