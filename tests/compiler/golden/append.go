package main

import "unsafe"

var kept []byte

type item struct {
	next *item
	n    int
}

func made() []byte { return make([]byte, 4) }

func fresh() *item { return new(item) }

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	c := (*[4]int64)(ctx)
	n := int(c[0])
	var none []int
	none = append(none, n)
	full := [4]int{1, 2, 3, 4}
	more := append(full[:], n)
	limited := append(full[:2:3], 1, 2)
	text := append([]byte("ab"), "cd"...)
	nothing := append([]byte(nil), text...)
	s := make([]int, n)
	t := make([]int, 0, n)
	large := make([]byte, 1000)
	u := unsafe.Slice((*int64)(unsafe.Add(ctx, 8)), n)
	kept = make([]byte, 8)
	rows := make([][]byte, 0, 2)
	for range 2 {
		row := make([]byte, 2)
		rows = append(rows, row)
	}
	return int32(len(none) + len(more) + len(limited) + len(nothing) + len(s) + len(t) + len(u) +
		int(large[n]) + len(rows) + len(made()) + fresh().n)
}
