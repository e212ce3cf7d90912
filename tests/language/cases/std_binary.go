package std_binary

import "encoding/binary"

// Each function of encoding/binary that the kernel has.

var kept [24]byte

//in:at 0..20
func Kept(x uint64, at uint8) (a uint64, b uint32, c uint16) {
	binary.BigEndian.PutUint64(kept[:], x)
	binary.LittleEndian.PutUint64(kept[8:], x^0x5a5a)
	binary.NativeEndian.PutUint64(kept[16:], ^x)
	b = binary.BigEndian.Uint32(kept[at:])
	return binary.LittleEndian.Uint64(kept[at&15:]), b, binary.NativeEndian.Uint16(kept[at:])
}

//in:at 0..9 16 255
func GetBigEndian16(x uint64, at, end uint8) uint16 {
	var b [8]byte
	for i := range b {
		b[i] = byte(x >> (8 * i))
	}
	return binary.BigEndian.Uint16(b[at : end&7+1])
}

//in:at 0..9 16 255
func PutBigEndian16(x uint16, at, end uint8) (lo, hi uint64) {
	var b [8]byte
	binary.BigEndian.PutUint16(b[at:end&7+1], x)
	for i, c := range b {
		lo |= uint64(c) << (8 * i)
		hi = hi*3 + uint64(c)
	}
	return
}

func FixedBigEndian16(x, y uint64) uint16 {
	var b [16]byte
	binary.BigEndian.PutUint64(b[3:], x)
	binary.BigEndian.PutUint16(b[9:], uint16(y))
	return binary.BigEndian.Uint16(b[7:]) ^ binary.BigEndian.Uint16(b[:])
}

//in:at 0..9 16 255
func GetBigEndian32(x uint64, at, end uint8) uint32 {
	var b [8]byte
	for i := range b {
		b[i] = byte(x >> (8 * i))
	}
	return binary.BigEndian.Uint32(b[at : end&7+1])
}

//in:at 0..9 16 255
func PutBigEndian32(x uint32, at, end uint8) (lo, hi uint64) {
	var b [8]byte
	binary.BigEndian.PutUint32(b[at:end&7+1], x)
	for i, c := range b {
		lo |= uint64(c) << (8 * i)
		hi = hi*3 + uint64(c)
	}
	return
}

func FixedBigEndian32(x, y uint64) uint32 {
	var b [16]byte
	binary.BigEndian.PutUint64(b[3:], x)
	binary.BigEndian.PutUint32(b[9:], uint32(y))
	return binary.BigEndian.Uint32(b[7:]) ^ binary.BigEndian.Uint32(b[:])
}

//in:at 0..9 16 255
func GetBigEndian64(x uint64, at, end uint8) uint64 {
	var b [8]byte
	for i := range b {
		b[i] = byte(x >> (8 * i))
	}
	return binary.BigEndian.Uint64(b[at : end&7+1])
}

//in:at 0..9 16 255
func PutBigEndian64(x uint64, at, end uint8) (lo, hi uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[at:end&7+1], x)
	for i, c := range b {
		lo |= uint64(c) << (8 * i)
		hi = hi*3 + uint64(c)
	}
	return
}

func FixedBigEndian64(x, y uint64) uint64 {
	var b [16]byte
	binary.BigEndian.PutUint64(b[3:], x)
	binary.BigEndian.PutUint64(b[9:], uint64(y))
	return binary.BigEndian.Uint64(b[7:]) ^ binary.BigEndian.Uint64(b[:])
}

//in:at 0..9 16 255
func GetLittleEndian16(x uint64, at, end uint8) uint16 {
	var b [8]byte
	for i := range b {
		b[i] = byte(x >> (8 * i))
	}
	return binary.LittleEndian.Uint16(b[at : end&7+1])
}

//in:at 0..9 16 255
func PutLittleEndian16(x uint16, at, end uint8) (lo, hi uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint16(b[at:end&7+1], x)
	for i, c := range b {
		lo |= uint64(c) << (8 * i)
		hi = hi*3 + uint64(c)
	}
	return
}

func FixedLittleEndian16(x, y uint64) uint16 {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[3:], x)
	binary.LittleEndian.PutUint16(b[9:], uint16(y))
	return binary.LittleEndian.Uint16(b[7:]) ^ binary.LittleEndian.Uint16(b[:])
}

//in:at 0..9 16 255
func GetLittleEndian32(x uint64, at, end uint8) uint32 {
	var b [8]byte
	for i := range b {
		b[i] = byte(x >> (8 * i))
	}
	return binary.LittleEndian.Uint32(b[at : end&7+1])
}

//in:at 0..9 16 255
func PutLittleEndian32(x uint32, at, end uint8) (lo, hi uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint32(b[at:end&7+1], x)
	for i, c := range b {
		lo |= uint64(c) << (8 * i)
		hi = hi*3 + uint64(c)
	}
	return
}

func FixedLittleEndian32(x, y uint64) uint32 {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[3:], x)
	binary.LittleEndian.PutUint32(b[9:], uint32(y))
	return binary.LittleEndian.Uint32(b[7:]) ^ binary.LittleEndian.Uint32(b[:])
}

//in:at 0..9 16 255
func GetLittleEndian64(x uint64, at, end uint8) uint64 {
	var b [8]byte
	for i := range b {
		b[i] = byte(x >> (8 * i))
	}
	return binary.LittleEndian.Uint64(b[at : end&7+1])
}

//in:at 0..9 16 255
func PutLittleEndian64(x uint64, at, end uint8) (lo, hi uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[at:end&7+1], x)
	for i, c := range b {
		lo |= uint64(c) << (8 * i)
		hi = hi*3 + uint64(c)
	}
	return
}

func FixedLittleEndian64(x, y uint64) uint64 {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[3:], x)
	binary.LittleEndian.PutUint64(b[9:], uint64(y))
	return binary.LittleEndian.Uint64(b[7:]) ^ binary.LittleEndian.Uint64(b[:])
}

//in:at 0..9 16 255
func GetNativeEndian16(x uint64, at, end uint8) uint16 {
	var b [8]byte
	for i := range b {
		b[i] = byte(x >> (8 * i))
	}
	return binary.NativeEndian.Uint16(b[at : end&7+1])
}

//in:at 0..9 16 255
func PutNativeEndian16(x uint16, at, end uint8) (lo, hi uint64) {
	var b [8]byte
	binary.NativeEndian.PutUint16(b[at:end&7+1], x)
	for i, c := range b {
		lo |= uint64(c) << (8 * i)
		hi = hi*3 + uint64(c)
	}
	return
}

func FixedNativeEndian16(x, y uint64) uint16 {
	var b [16]byte
	binary.NativeEndian.PutUint64(b[3:], x)
	binary.NativeEndian.PutUint16(b[9:], uint16(y))
	return binary.NativeEndian.Uint16(b[7:]) ^ binary.NativeEndian.Uint16(b[:])
}

//in:at 0..9 16 255
func GetNativeEndian32(x uint64, at, end uint8) uint32 {
	var b [8]byte
	for i := range b {
		b[i] = byte(x >> (8 * i))
	}
	return binary.NativeEndian.Uint32(b[at : end&7+1])
}

//in:at 0..9 16 255
func PutNativeEndian32(x uint32, at, end uint8) (lo, hi uint64) {
	var b [8]byte
	binary.NativeEndian.PutUint32(b[at:end&7+1], x)
	for i, c := range b {
		lo |= uint64(c) << (8 * i)
		hi = hi*3 + uint64(c)
	}
	return
}

func FixedNativeEndian32(x, y uint64) uint32 {
	var b [16]byte
	binary.NativeEndian.PutUint64(b[3:], x)
	binary.NativeEndian.PutUint32(b[9:], uint32(y))
	return binary.NativeEndian.Uint32(b[7:]) ^ binary.NativeEndian.Uint32(b[:])
}

//in:at 0..9 16 255
func GetNativeEndian64(x uint64, at, end uint8) uint64 {
	var b [8]byte
	for i := range b {
		b[i] = byte(x >> (8 * i))
	}
	return binary.NativeEndian.Uint64(b[at : end&7+1])
}

//in:at 0..9 16 255
func PutNativeEndian64(x uint64, at, end uint8) (lo, hi uint64) {
	var b [8]byte
	binary.NativeEndian.PutUint64(b[at:end&7+1], x)
	for i, c := range b {
		lo |= uint64(c) << (8 * i)
		hi = hi*3 + uint64(c)
	}
	return
}

func FixedNativeEndian64(x, y uint64) uint64 {
	var b [16]byte
	binary.NativeEndian.PutUint64(b[3:], x)
	binary.NativeEndian.PutUint64(b[9:], uint64(y))
	return binary.NativeEndian.Uint64(b[7:]) ^ binary.NativeEndian.Uint64(b[:])
}

func Uvarint(x uint64) (value uint64, written, read int, first byte) {
	var b [binary.MaxVarintLen64]byte
	written = binary.PutUvarint(b[:], x)
	value, read = binary.Uvarint(b[:written])
	return value, written, read, b[0]
}

func Varint(x int64) (value int64, written, read int, first byte) {
	var b [binary.MaxVarintLen64]byte
	written = binary.PutVarint(b[:], x)
	value, read = binary.Varint(b[:])
	return value, written, read, b[0]
}

//in:n 0..11
//in:last 0 1 2 127 128
func Overflow(n, fill, last uint8) (value uint64, read int, signed int64, same int) {
	var b [12]byte
	for i := range int(n) {
		b[i] = fill | 0x80
	}
	b[n] = last
	value, read = binary.Uvarint(b[:n+1])
	signed, same = binary.Varint(b[:n])
	return
}

//in:n 0..10
func TooShort(x uint64, n uint8) int {
	var b [binary.MaxVarintLen64]byte
	return binary.PutUvarint(b[:n], x) + binary.MaxVarintLen16 + binary.MaxVarintLen32
}

//in:n 0..3
func AppendBigEndian(x uint64, n uint8) (length int, sum uint64) {
	var a [20]byte
	b := a[:n]
	b = binary.BigEndian.AppendUint16(b, uint16(x))
	b = binary.BigEndian.AppendUint64(b, x)
	b = binary.BigEndian.AppendUint32(b, uint32(x))
	for _, c := range b {
		sum = sum*31 + uint64(c)
	}
	return len(b), sum
}

func NameBigEndian(i uint8) (int, int, bool) {
	s := binary.BigEndian.String()
	return len(s), len(binary.BigEndian.GoString()), s[i%8] == 'E'
}

//in:n 0..3
func AppendLittleEndian(x uint64, n uint8) (length int, sum uint64) {
	var a [20]byte
	b := a[:n]
	b = binary.LittleEndian.AppendUint16(b, uint16(x))
	b = binary.LittleEndian.AppendUint64(b, x)
	b = binary.LittleEndian.AppendUint32(b, uint32(x))
	for _, c := range b {
		sum = sum*31 + uint64(c)
	}
	return len(b), sum
}

func NameLittleEndian(i uint8) (int, int, bool) {
	s := binary.LittleEndian.String()
	return len(s), len(binary.LittleEndian.GoString()), s[i%8] == 'E'
}

//in:n 0..3
func AppendNativeEndian(x uint64, n uint8) (length int, sum uint64) {
	var a [20]byte
	b := a[:n]
	b = binary.NativeEndian.AppendUint16(b, uint16(x))
	b = binary.NativeEndian.AppendUint64(b, x)
	b = binary.NativeEndian.AppendUint32(b, uint32(x))
	for _, c := range b {
		sum = sum*31 + uint64(c)
	}
	return len(b), sum
}

func NameNativeEndian(i uint8) (int, int, bool) {
	s := binary.NativeEndian.String()
	return len(s), len(binary.NativeEndian.GoString()), s[i%8] == 'E'
}

func AppendVarints(x uint64, y int64) (length int, sum uint64) {
	var a [24]byte
	b := binary.AppendVarint(binary.AppendUvarint(a[:1], x), y)
	for _, c := range b {
		sum = sum*31 + uint64(c)
	}
	return len(b), sum
}

func ordered(o binary.ByteOrder, b []byte, x uint64) uint64 {
	o.PutUint32(b, uint32(x))
	o.PutUint16(b[4:], uint16(x>>32))
	o.PutUint64(b[6:], x*3)
	return o.Uint64(b) ^ uint64(o.Uint32(b[3:]))<<7 ^ uint64(o.Uint16(b[9:])) ^ uint64(len(o.String()))
}

// An order that is handed on as an interface.
func AsInterface(x uint64) (big, little uint64) {
	var b [16]byte
	big = ordered(binary.BigEndian, b[:], x)
	return big, ordered(binary.LittleEndian, b[:], x)
}

func NativeEndianAsInterface(x uint64) uint64 {
	var b [16]byte
	return ordered(binary.NativeEndian, b[:], x)
}

//in:cut 0..16
func ShortAsInterface(x uint64, cut uint8) uint64 {
	var b [16]byte
	return ordered(binary.BigEndian, b[:cut], x)
}

func appended(o binary.AppendByteOrder, to []byte, x uint64) []byte {
	to = o.AppendUint16(to, uint16(x))
	to = o.AppendUint64(to, x^0xff)
	return o.AppendUint32(to, uint32(x>>5))
}

func AppendAsInterface(x uint64) (uint64, int) {
	var b [16]byte
	s := appended(binary.LittleEndian, b[:1], x)
	sum := uint64(0)
	for _, c := range appended(binary.BigEndian, b[:0], x) {
		sum = sum*31 + uint64(c)
	}
	return sum, len(s)
}
