// Traffic control programs: UDP to port 4242 is dropped and counted, the rest passed.
package main

import "unsafe"

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
	MapFlags   uint32
}

const (
	actOK   = 0
	actShot = 2
)

// seen has the UDP packets to the ports 4242 and 4243, by port and program.
var seen = bpfMapDef{Type: 1, KeySize: 4, ValueSize: 8, MaxEntries: 16}

//go:extern bpf_map_lookup_elem
func bpfMapLookupElem(m unsafe.Pointer, key unsafe.Pointer) unsafe.Pointer

//go:extern bpf_map_update_elem
func bpfMapUpdateElem(m unsafe.Pointer, key unsafe.Pointer, value unsafe.Pointer, flags uint64) int64

//go:extern bpf_skb_load_bytes
func bpfSkbLoadBytes(skb unsafe.Pointer, offset uint32, to unsafe.Pointer, size uint32) int64

func count(key uint32) {
	one := uint64(1)
	found := (*uint64)(bpfMapLookupElem(unsafe.Pointer(&seen), unsafe.Pointer(&key)))
	if found != nil {
		*found++
		return
	}
	bpfMapUpdateElem(unsafe.Pointer(&seen), unsafe.Pointer(&key), unsafe.Pointer(&one), 0)
}

// port gives the port that a UDP packet over IPv4 without options goes to, 0 for all others.
func port(skb unsafe.Pointer) uint32 {
	var head [38]byte
	if bpfSkbLoadBytes(skb, 0, unsafe.Pointer(&head), 38) < 0 {
		return 0
	}
	if head[12] != 8 || head[13] != 0 || head[14] != 0x45 || head[23] != 17 {
		return 0
	}
	return uint32(head[36])<<8 | uint32(head[37])
}

func verdict(skb unsafe.Pointer, program uint32) int32 {
	to := port(skb)
	if to == 4242 || to == 4243 {
		count(to*10 + program)
	}
	if to == 4242 {
		return actShot
	}
	return actOK
}

//bpf:section tcx/ingress
//export incoming
func incoming(skb unsafe.Pointer) int32 {
	return verdict(skb, 1)
}

//bpf:section tc/egress
//export outgoing
func outgoing(skb unsafe.Pointer) int32 {
	return verdict(skb, 2)
}

//bpf:section tc
//export either
func either(skb unsafe.Pointer) int32 {
	return verdict(skb, 3)
}
