//go:build !bpf

package ebpf

import (
	"math"
	"unsafe"
)

// Helpers that compute: checksums, numbers in text, strings.

// folded adds up 16-bit numbers so that what overflows comes in again below: the sum of RFC 1071.
// It is right in either byte order as long as all numbers are in the same one.
func folded(sum uint64) uint16 {
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return uint16(sum)
}

func sumOf(data []byte) (sum uint64) {
	for i := 0; i+1 < len(data); i += 2 {
		sum += uint64(*(*uint16)(unsafe.Pointer(&data[i])))
	}
	return sum
}

func defaultCsumDiff(from unsafe.Pointer, fromSize uint32, to unsafe.Pointer, toSize, seed uint32) int64 {
	if (fromSize|toSize)%4 != 0 {
		return -int64(EINVAL)
	}
	sum := uint64(seed) + sumOf(memory(to, toSize)) + uint64(^folded(sumOf(memory(from, fromSize))))
	return int64(folded(sum))
}

// replaceSum corrects a checksum for a field that changes; size 0 means that to is the difference.
func replaceSum(sum *uint16, from, to, size uint64) bool {
	switch size {
	case 0:
		if from != 0 {
			return false
		}
		*sum = ^folded(uint64(^*sum) + to&math.MaxUint32)
	case 2:
		*sum = ^folded(uint64(^*sum) + uint64(^uint16(from)) + uint64(uint16(to)))
	case 4:
		*sum = ^folded(uint64(^*sum) + uint64(^uint32(from)) + uint64(uint32(to)))
	default:
		return false
	}
	return true
}

func defaultL3CsumReplace(ctx *SKB, offset uint32, from, to, size uint64) int64 {
	if size&^FHdrFieldMask != 0 {
		return -int64(EINVAL)
	}
	field := inPacket("L3CsumReplace", ctx, offset, 2)
	if field == nil || offset%2 != 0 {
		return -int64(EFAULT)
	}
	if !replaceSum((*uint16)(unsafe.Pointer(&field[0])), from, to, size) {
		return -int64(EINVAL)
	}
	return 0
}

func defaultL4CsumReplace(ctx *SKB, offset uint32, from, to, flags uint64) int64 {
	if flags&^(FMarkMangled0|FMarkEnforce|FPseudoHdr|FHdrFieldMask|FIPv6) != 0 {
		return -int64(EINVAL)
	}
	field := inPacket("L4CsumReplace", ctx, offset, 2)
	if field == nil || offset%2 != 0 {
		return -int64(EFAULT)
	}
	sum := (*uint16)(unsafe.Pointer(&field[0]))
	if flags&FMarkMangled0 != 0 && flags&FMarkEnforce == 0 && *sum == 0 {
		return 0
	}
	if !replaceSum(sum, from, to, flags&FHdrFieldMask) {
		return -int64(EINVAL)
	}
	if flags&FMarkMangled0 != 0 && *sum == 0 {
		*sum = 0xffff
	}
	return 0
}

func defaultStrtol(buf unsafe.Pointer, bufLen, flags uint64, res *int64) int64 {
	value, negative, taken := number(memory(buf, uint32(bufLen)), flags)
	switch {
	case taken < 0:
		return taken
	case negative && value > 1<<63, !negative && value > math.MaxInt64:
		return -int64(ERANGE)
	}
	*res = int64(value)
	if negative {
		*res = -int64(value)
	}
	return taken
}

func defaultStrtoul(buf unsafe.Pointer, bufLen, flags uint64, res *uint64) int64 {
	value, negative, taken := number(memory(buf, uint32(bufLen)), flags)
	switch {
	case taken < 0:
		return taken
	case negative:
		return -int64(EINVAL)
	}
	*res = value
	return taken
}

// number reads one as the kernel does: blanks, a minus sign, 0x or 0 where the base allows it,
// digits. taken is the number of bytes, or a negative error number.
func number(text []byte, flags uint64) (value uint64, negative bool, taken int64) {
	base := flags
	if base != 0 && base != 8 && base != 10 && base != 16 || len(text) == 0 {
		return 0, false, -int64(EINVAL)
	}
	i := 0
	for i < len(text) && (text[i] == ' ' || text[i] >= '\t' && text[i] <= '\r') {
		i++
	}
	if i < len(text) && text[i] == '-' {
		negative = true
		i++
	}
	rest := text[i:]
	prefixed := len(rest) > 2 && rest[0] == '0' && rest[1]|0x20 == 'x' && digit(rest[2]) < 16
	switch {
	case base == 0 && prefixed:
		base = 16
	case base == 0 && len(rest) > 0 && rest[0] == '0':
		base = 8
	case base == 0:
		base = 10
	}
	if base == 16 && len(rest) > 1 && rest[0] == '0' && rest[1]|0x20 == 'x' {
		i += 2
	}
	first := i
	for i < len(text) && digit(text[i]) < base {
		d := digit(text[i])
		if value > (math.MaxUint64-d)/base {
			return 0, negative, -int64(ERANGE)
		}
		value = value*base + d
		i++
	}
	if i == first {
		return 0, negative, -int64(EINVAL)
	}
	return value, negative, int64(i)
}

// digit is what a letter counts, 255 where it is no digit.
func digit(c byte) uint64 {
	switch {
	case c >= '0' && c <= '9':
		return uint64(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return uint64(c|0x20-'a') + 10
	}
	return 255
}

func defaultStrncmp(s1 unsafe.Pointer, s1Size uint32, s2 unsafe.Pointer) int64 {
	for i := range uintptr(s1Size) {
		a, b := *(*byte)(unsafe.Add(s1, i)), *(*byte)(unsafe.Add(s2, i))
		if a != b {
			return int64(a) - int64(b)
		}
		if a == 0 {
			break
		}
	}
	return 0
}
