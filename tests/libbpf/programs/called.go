// A program that is called, and works on its context.
package main

type request struct {
	Delta int64
	Sum   int64
}

var sum int64

//bpf:section syscall
//export add
func add(r *request) int32 {
	sum += r.Delta
	r.Sum = sum
	return 7
}
