package main

import "unsafe"

type shape interface{ area() int32 }

type square struct{ side, more int32 }

func (s square) area() int32 { return s.side * s.side }

type circle struct{ radius int32 }

func (c *circle) area() int32 { return 3 * c.radius * c.radius }

type point struct{}

func (point) area() int32 { return 0 }

var kept shape

type record struct {
	what shape
	n    int32
}

//go:extern bpf_probe_read
func probeRead(to unsafe.Pointer, size uint32, from shape) int32

//export chosen
//bpf:section syscall
func chosen(ctx unsafe.Pointer) int32 {
	var s shape = point{}
	if ctx != nil {
		s = square{2, 3}
	}
	return s.area()
}

//export elements
//bpf:section syscall
func elements(ctx unsafe.Pointer) (total int32) {
	c := circle{1}
	for _, s := range []shape{square{1, 1}, &c, point{}} {
		total += s.area()
	}
	return
}

//export outlived
//bpf:section syscall
func outlived(ctx unsafe.Pointer) int32 {
	kept = square{1, 2}
	return kept.area()
}

//export compared
//bpf:section syscall
func compared(ctx unsafe.Pointer) int32 {
	var a [4]int32
	var x, y any = a[:], a[:2]
	if x == y {
		return 1
	}
	return 0
}

//export handed
//bpf:section syscall
func handed(ctx unsafe.Pointer) int32 {
	r := record{point{}, 1}
	probeRead(unsafe.Pointer(&r), 24, point{})
	return 0
}
