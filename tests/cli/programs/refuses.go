// Refuses connections over IPv4 to port 4242.
package main

import "unsafe"

type sockAddr struct {
	Family uint32
	IP4    uint32
	IP6    [4]uint32
	PortBE uint32
}

//bpf:section cgroup/connect4
//export refuse
func refuse(ctx unsafe.Pointer) int32 {
	if (*sockAddr)(ctx).PortBE == 0x9210 {
		return 0
	}
	return 1
}

func main() {}
