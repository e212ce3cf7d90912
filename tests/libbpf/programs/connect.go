// A cgroup program that forbids connections to TCP and UDP port 4444.
package main

type sockAddr struct {
	UserFamily uint32
	UserIP4    uint32
	UserIP6    [4]uint32
	UserPort   uint32 // in network byte order
}

//bpf:section cgroup/connect4
//export block_4444
func block_4444(ctx *sockAddr) int32 {
	if ctx.UserPort == 0x5c11 {
		return 0
	}
	return 1
}
