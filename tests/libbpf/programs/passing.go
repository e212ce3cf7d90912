// Programs that let everything pass, to put into the place of those that do not.
package bpf

import "tinybpf/ebpf"

//bpf:section xdp
func pass_all(ctx *ebpf.XDP) ebpf.XDPAction { return ebpf.XDPPass }

//bpf:section tc
func go_on(ctx *ebpf.SKB) ebpf.TCAction { return ebpf.TCOK }

//bpf:section cgroup/connect4
func allow(ctx *ebpf.SockAddr) ebpf.Verdict { return ebpf.Allow }
