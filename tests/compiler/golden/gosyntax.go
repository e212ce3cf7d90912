package main

import "unsafe"

func prog(ctx unsafe.Pointer) int32 {
	x := 
	if x > 1 {
		return 1
	}
	y = = 2
	for i := 0; i < 3 i++ {
	}
	var 9a int
	s := "unterminated
	c := 'ab'
	return 0
}

func other( {
}

type t struct {
	a int,
}

func last() {
