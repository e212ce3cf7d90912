// Programs over the data of the sockets in a map: all pass, or none.
package main

import "unsafe"

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
	MapFlags   uint32
}

var sockets = bpfMapDef{Type: 15, KeySize: 4, ValueSize: 4, MaxEntries: 4}
var hashed = bpfMapDef{Type: 18, KeySize: 4, ValueSize: 4, MaxEntries: 4}
var other = bpfMapDef{Type: 1, KeySize: 4, ValueSize: 4, MaxEntries: 4}

var dropping, sent, parsed, received uint64

// verdict lets data pass unless user space says otherwise; it is written here, so that it can be changed.
func verdict() int32 {
	if dropping != 0 {
		dropping++
		return 0
	}
	return 1
}

type buffer struct {
	Len uint32
}

//bpf:section sk_msg
//export sending
func sending(ctx unsafe.Pointer) int32 {
	sent++
	return verdict()
}

//bpf:section sk_skb/stream_parser
//export parse
func parse(ctx *buffer) int32 {
	parsed++
	return int32(ctx.Len)
}

//bpf:section sk_skb/stream_verdict
//export receiving
func receiving(ctx *buffer) int32 {
	received++
	return verdict()
}

//bpf:section sk_skb/verdict
//export deciding
func deciding(ctx *buffer) int32 {
	received++
	return verdict()
}

//bpf:section sk_skb
//export plain
func plain(ctx *buffer) int32 {
	received++
	return verdict()
}
