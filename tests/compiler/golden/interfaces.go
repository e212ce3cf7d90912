package main

import "unsafe"

type shape interface{ area() int32 }

type square struct{ side int32 }

func (s square) area() int32 { return s.side * s.side }

func measure(s shape) int32 {
	return s.area()
}

func check() error {
	return nil
}

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	var a any = int32(1)
	switch v := a.(type) {
	case int32:
		return v
	}
	if x, ok := a.(int32); ok {
		return x
	}
	if check() != nil {
		return 1
	}
	return measure(square{2})
}
