package main

import "unsafe"

type holder struct {
	p *int32
	s []int32
}

type value struct{ n int32 }

type outer struct {
	pad int32
	value
}

func (v value) address() *int32 { return &v.n }
func (v *value) inside() *int32 { return &v.n }
func same(p *int32) *int32      { return p }
func all(xs ...int32) []int32   { return xs }
func parameter(n int32) *int32  { return &n }
func promoted() *int32          { var o outer; return o.inside() }
func inStruct() holder          { n := int32(1); return holder{p: &n} }
func inArray() [2]*int32        { n := int32(1); return [2]*int32{1: &n} }
func slice() []int32            { var a [4]int32; return a[1:] }
func sliceInStruct() holder     { var a [4]int32; return holder{s: a[:]} }
func second() (int32, *int32)   { n := int32(1); return 1, &n }
func integer() uintptr          { n := int32(1); return uintptr(unsafe.Pointer(&n)) }
func throughCall() *int32       { n := int32(1); return same(&n) }
func variadic() []int32         { return all(1, 2) }
func named() (p *int32)         { n := int32(1); p = &n; return }
func either(b bool) (p *int32) {
	var x, y int32
	p = &x
	if b {
		p = &y
	}
	return p
}
func copied() (h [1]*int32) { n := int32(1); a := [1]*int32{&n}; copy(h[:], a[:]); return h }

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	var v value
	sum := *v.address() + *parameter(1) + *promoted() + *inStruct().p + *inArray()[1] + slice()[0]
	sum += sliceInStruct().s[0] + *throughCall() + variadic()[0] + *named() + *either(sum > 3) + *copied()[0]
	n, p := second()
	return sum + n + *p + int32(integer()) + *same(&n) + all(7)[0]
}
