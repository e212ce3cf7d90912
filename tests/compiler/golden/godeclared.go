package main

import (
	"tinybpf/ebpf"
	"unsafe"
	str "unsafe"
)

func main() int { return 1 }

func init(x int) {}

func twice() {}

func twice() {}

type loop struct{ l loop }

type iface interface{ m(); m() }

var a = b
var b = a

const big = 1 << 100
var tooBig int = big
