package main

import "unsafe"

const name = "tinybpf"

type record struct {
	name string
	n    int
}

var buffer [300]byte
var kept string

//go:extern bpf_map_update_elem
func update(m, key, value unsafe.Pointer, flags uint64) int64

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries, MapFlags uint32 }

var records = bpfMapDef{Type: 1, KeySize: 4, ValueSize: 24, MaxEntries: 16}

func local(c byte) string {
	var b [8]byte
	b[0] = c
	s := string(b[:])
	b[0]++
	return s
}

func letter(r rune) string { return string(r) }

func head(b *[8]byte) string { return string(b[:4]) }

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	c := (*[4]byte)(ctx)
	var a [8]byte
	kept = string(a[:])
	s := name + string(a[:])
	s += "x"
	r := []rune(name[c[0]:])
	t := string(r)
	all := string(buffer[:])
	buffer[c[1]] = 1
	key := uint32(1)
	value := record{name, 1}
	update(unsafe.Pointer(&records), unsafe.Pointer(&key), unsafe.Pointer(&value), 0)
	u := unsafe.String((*byte)(unsafe.Add(unsafe.Pointer(&a), 2)), c[2])
	last := ""
	for i := range a {
		part := string(a[:i])
		a[i]++
		if i&1 == 0 {
			last = part
		}
	}
	h := head(&a)
	one := letter(rune(c[0]))
	a[0] = c[1]
	a[1] = h[0]
	return int32(len(s)+len(t)+len(u)+len(last)+len(one)) + int32(all[3]) + int32(local(c[3])[0])
}
