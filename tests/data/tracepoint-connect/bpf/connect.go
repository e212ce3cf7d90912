//go:build tinygo

// Reports each connect() to an IPv4 or IPv6 address: who connects, and where to.
package main

import "unsafe"

const (
	afINET  = 2
	afINET6 = 10

	mapTypeRingbuf = 27
)

// connectEvent is what user space gets. Addresses and port are in network byte order.
type connectEvent struct {
	PID       uint32
	DstAddrBE uint32   // where Family is AF_INET
	DstAddr6  [16]byte // where Family is AF_INET6
	DstPortBE uint16
	Family    uint16
	Comm      [16]byte // the name of the process
}

// enterConnect is the context of syscalls/sys_enter_connect; the kernel's layout is in
// /sys/kernel/tracing/events/syscalls/sys_enter_connect/format.
type enterConnect struct {
	_       [16]byte
	FD      uint64
	Addr    uint64 // a struct sockaddr in the memory of the process
	AddrLen uint64
}

// sockaddr is the part that struct sockaddr_in and struct sockaddr_in6 begin with.
type sockaddr struct {
	Family uint16
	PortBE uint16
	AddrBE uint32 // sockaddr_in only
}

const sockaddr6AddrOffset = 8

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
	MapFlags   uint32
}

var events = bpfMapDef{Type: mapTypeRingbuf, MaxEntries: 1 << 18}

//go:extern bpf_get_current_pid_tgid
func bpfGetCurrentPidTgid() uint64

//go:extern bpf_get_current_comm
func bpfGetCurrentComm(buf unsafe.Pointer, size uint32) int64

//go:extern bpf_probe_read_user
func bpfProbeReadUser(dst unsafe.Pointer, size uint32, src unsafe.Pointer) int64

//go:extern bpf_ringbuf_output
func bpfRingbufOutput(ring unsafe.Pointer, data unsafe.Pointer, size uint64, flags uint64) int64

//export handle_connect
func handle_connect(ctx unsafe.Pointer) int32 {
	args := (*enterConnect)(ctx)
	addr := uintptr(args.Addr)

	var sa sockaddr
	if bpfProbeReadUser(unsafe.Pointer(&sa), uint32(unsafe.Sizeof(sa)), unsafe.Pointer(addr)) < 0 {
		return 0
	}
	event := connectEvent{
		PID:       uint32(bpfGetCurrentPidTgid() >> 32),
		DstPortBE: sa.PortBE,
		Family:    sa.Family,
	}
	switch sa.Family {
	case afINET:
		event.DstAddrBE = sa.AddrBE
	case afINET6:
		from := unsafe.Pointer(addr + sockaddr6AddrOffset)
		if bpfProbeReadUser(unsafe.Pointer(&event.DstAddr6), 16, from) < 0 {
			return 0
		}
	default:
		return 0
	}
	bpfGetCurrentComm(unsafe.Pointer(&event.Comm), 16)
	bpfRingbufOutput(unsafe.Pointer(&events), unsafe.Pointer(&event), uint64(unsafe.Sizeof(event)), 0)
	return 0
}

func main() {}
