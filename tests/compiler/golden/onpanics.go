package main

import "tinybpf/ebpf"

//bpf:section xdp
//bpf:onpanic 2.5
func float(ctx *ebpf.XDP) ebpf.XDPAction { return ebpf.XDPPass }

//bpf:section xdp
//bpf:onpanic XDPDrop
func name(ctx *ebpf.XDP) ebpf.XDPAction { return ebpf.XDPPass }

//bpf:section cgroup_skb/ingress
//bpf:onpanic 9
func high(ctx *ebpf.SKB) ebpf.Verdict { return ebpf.Allow }

//bpf:section lsm/file_open
//bpf:onpanic -5000
func low(ctx ebpf.Context) int32 { return 0 }

//bpf:onpanic 1
func helper(n uint32) uint32 { return n }

//bpf:onpanic 1
type action int32
