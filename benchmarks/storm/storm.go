// Package storm reports each getppid of one process: as many events as that process can make. An
// event looks like that of a tool that traces connections.
package storm

import "tinybpf/ebpf"

var target uint32

// An Event has 48 bytes.
type Event struct {
	Time ebpf.Ktime
	PID  uint32
	TID  uint32
	UID  uint32
	Addr ebpf.IPv4Addr
	Port ebpf.BE16
	_    [6]byte
	Comm ebpf.Comm
}

var events = ebpf.RingBuf[Event]{MaxEntries: 16 << 20}

//bpf:section tracepoint/syscalls/sys_enter_getppid
func called(ctx *ebpf.SysEnter) int32 {
	if ebpf.PID() != target {
		return 0
	}
	e := Event{
		Time: ebpf.Now(),
		PID:  ebpf.PID(),
		TID:  ebpf.TID(),
		UID:  ebpf.UID(),
		Addr: ebpf.IPv4Of(192, 0, 2, 1),
		Port: ebpf.NewBE16(443),
	}
	ebpf.CurrentComm(&e.Comm)
	events.Output(&e)
	return 0
}
