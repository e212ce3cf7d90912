//go:build bpf

package binary

// AppendUint16 writes v behind the last byte of b, which must have room for it.
func (o bigEndian) AppendUint16(b []byte, v uint16) []byte {
	var n [2]byte
	o.PutUint16(n[:], v)
	return append(b, n[:]...)
}

// AppendUint32 writes v behind the last byte of b, which must have room for it.
func (o bigEndian) AppendUint32(b []byte, v uint32) []byte {
	var n [4]byte
	o.PutUint32(n[:], v)
	return append(b, n[:]...)
}

// AppendUint64 writes v behind the last byte of b, which must have room for it.
func (o bigEndian) AppendUint64(b []byte, v uint64) []byte {
	var n [8]byte
	o.PutUint64(n[:], v)
	return append(b, n[:]...)
}

// String is the name of the byte order.
func (bigEndian) String() string { return "BigEndian" }

// GoString is the byte order as Go has it.
func (bigEndian) GoString() string { return "binary.BigEndian" }

// AppendUint16 writes v behind the last byte of b, which must have room for it.
func (o littleEndian) AppendUint16(b []byte, v uint16) []byte {
	var n [2]byte
	o.PutUint16(n[:], v)
	return append(b, n[:]...)
}

// AppendUint32 writes v behind the last byte of b, which must have room for it.
func (o littleEndian) AppendUint32(b []byte, v uint32) []byte {
	var n [4]byte
	o.PutUint32(n[:], v)
	return append(b, n[:]...)
}

// AppendUint64 writes v behind the last byte of b, which must have room for it.
func (o littleEndian) AppendUint64(b []byte, v uint64) []byte {
	var n [8]byte
	o.PutUint64(n[:], v)
	return append(b, n[:]...)
}

// String is the name of the byte order.
func (littleEndian) String() string { return "LittleEndian" }

// GoString is the byte order as Go has it.
func (littleEndian) GoString() string { return "binary.LittleEndian" }

// AppendUint16 writes v behind the last byte of b, which must have room for it.
func (o nativeEndian) AppendUint16(b []byte, v uint16) []byte {
	var n [2]byte
	o.PutUint16(n[:], v)
	return append(b, n[:]...)
}

// AppendUint32 writes v behind the last byte of b, which must have room for it.
func (o nativeEndian) AppendUint32(b []byte, v uint32) []byte {
	var n [4]byte
	o.PutUint32(n[:], v)
	return append(b, n[:]...)
}

// AppendUint64 writes v behind the last byte of b, which must have room for it.
func (o nativeEndian) AppendUint64(b []byte, v uint64) []byte {
	var n [8]byte
	o.PutUint64(n[:], v)
	return append(b, n[:]...)
}

// String is the name of the byte order.
func (nativeEndian) String() string { return "NativeEndian" }

// GoString is the byte order as Go has it.
func (nativeEndian) GoString() string { return "binary.NativeEndian" }
