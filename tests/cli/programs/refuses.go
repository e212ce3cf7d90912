// Refuses connections over IPv4 to a port, which is given in network byte order.
package main

import "unsafe"

type sockAddr struct {
	Family uint32
	IP4    uint32
	IP6    [4]uint32
	PortBE uint32
}

var port uint32

//bpf:section cgroup/connect4
//export refuse
func refuse(ctx unsafe.Pointer) int32 {
	if (*sockAddr)(ctx).PortBE == port {
		return 0
	}
	return 1
}

func main() {}
