// Package bpf looks for words in a packet: slices of its text are compared with patterns, which may have a
// question mark for any byte.
package bpf

import (
	"unsafe"

	"tinybpf/ebpf"
)

const length = 48

var text = ebpf.PerCPUArray[[length]byte]{MaxEntries: 1}

// matches tells whether text begins with the pattern.
func matches(text []byte, pattern string) bool {
	if len(text) < len(pattern) {
		return false
	}
	for i := range len(pattern) {
		if pattern[i] != '?' && text[i] != pattern[i] {
			return false
		}
	}
	return true
}

// index is where the pattern first is in the text, or -1.
func index(text []byte, pattern string) int32 {
	for i := range len(text) - len(pattern) + 1 {
		if matches(text[i:], pattern) {
			return int32(i)
		}
	}
	return -1
}

// upper changes small letters into capitals.
func upper(text []byte) {
	for i, c := range text {
		if 'a' <= c && c <= 'z' {
			text[i] = c - 'a' + 'A'
		}
	}
}

// Where the patterns were in the packet that came last.
var found [3]int32

//bpf:section xdp
func match(ctx *ebpf.XDP) ebpf.XDPAction {
	buf := text.Lookup(0)
	if buf == nil {
		return ebpf.XDPDrop
	}
	if ebpf.XdpLoadBytes(ctx, ebpf.EthernetLen, unsafe.Pointer(buf), length) != 0 {
		return ebpf.XDPDrop
	}
	upper(buf[:])
	found[0] = index(buf[:], "GET ")
	found[1] = index(buf[8:], "HOST:")
	if found[1] < 0 {
		return ebpf.XDPDrop
	}
	found[2] = index(buf[16:], "1??7")
	return ebpf.XDPPass
}
