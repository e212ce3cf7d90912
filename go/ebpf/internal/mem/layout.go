package mem

import (
	"reflect"
	"unsafe"
)

// A span is a piece of a value: bytes from, to.
type span struct{ from, to uintptr }

// pointerIn names the part of t that is no plain data; "" where all is.
func pointerIn(t reflect.Type, path string) string {
	switch t.Kind() {
	case reflect.Array:
		if t.Len() == 0 {
			return ""
		}
		return pointerIn(t.Elem(), path+"[i]")
	case reflect.Struct:
		for i := range t.NumField() {
			if found := pointerIn(t.Field(i).Type, path+"."+t.Field(i).Name); found != "" {
				return found
			}
		}
		return ""
	case reflect.Pointer, reflect.UnsafePointer, reflect.String, reflect.Slice, reflect.Map, reflect.Chan,
		reflect.Func, reflect.Interface:
		return path + " is a " + t.Kind().String()
	}
	return ""
}

// unnamed gives the bytes of t that no field owns, padding and blank fields: Go does not keep
// them zero, the kernel compares them in keys.
func unnamed(t reflect.Type, at uintptr) []span {
	var spans []span
	switch t.Kind() {
	case reflect.Array:
		if t.Len() == 0 || len(unnamed(t.Elem(), 0)) == 0 {
			return nil
		}
		for i := range t.Len() {
			spans = append(spans, unnamed(t.Elem(), at+uintptr(i)*t.Elem().Size())...)
		}
	case reflect.Struct:
		end := at
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Name == "_" {
				continue
			}
			if end < at+f.Offset {
				spans = append(spans, span{end, at + f.Offset})
			}
			spans = append(spans, unnamed(f.Type, at+f.Offset)...)
			end = at + f.Offset + f.Type.Size()
		}
		if end < at+t.Size() {
			spans = append(spans, span{end, at + t.Size()})
		}
	}
	return spans
}

// locksIn gives the places of the locks in t: an update leaves them alone.
func locksIn(t reflect.Type, at uintptr) []span {
	var spans []span
	switch t.Kind() {
	case reflect.Array:
		for i := range t.Len() {
			found := locksIn(t.Elem(), at+uintptr(i)*t.Elem().Size())
			if found == nil {
				return nil
			}
			spans = append(spans, found...)
		}
	case reflect.Struct:
		if t.Name() == "SpinLock" && t.PkgPath() == ebpfPath {
			return []span{{at, at + t.Size()}}
		}
		for i := range t.NumField() {
			spans = append(spans, locksIn(t.Field(i).Type, at+t.Field(i).Offset)...)
		}
	}
	return spans
}

// ebpfPath is the path under which package ebpf was built.
var ebpfPath string

// bytesAt is the memory at p as a slice.
func bytesAt(p unsafe.Pointer, size uintptr) []byte {
	return unsafe.Slice((*byte)(p), size)
}

// A block is memory of a map, on an address that is a multiple of 8.
type block []uint64

func newBlock(size uintptr) block {
	return make(block, (size+7)/8)
}

func (b block) pointer() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

func (b block) bytes(size uintptr) []byte { return bytesAt(b.pointer(), size) }
