package std_utf8

import "unicode/utf8"

// Each function of unicode/utf8 that the kernel has.

func spread(x uint32) (b [4]byte) {
	for i := range b {
		b[i] = byte(x >> (8 * i))
	}
	return b
}

//in:r -1 0 1 0x7f 0x80 0x7ff 0x800 0xd7ff 0xd800 0xdfff 0xe000 0xfffd 0xffff 0x10000 0x10ffff 0x110000 0x7fffffff -0x80000000
func Encode(r rune, room uint8) (size int, bytes uint32, length int, valid bool) {
	var b [4]byte
	size = utf8.EncodeRune(b[:room&3+1], r)
	for i, c := range b {
		bytes |= uint32(c) << (8 * i)
	}
	return size, bytes, utf8.RuneLen(r), utf8.ValidRune(r)
}

//in:r -1 0 0x7f 0x80 0x7ff 0x800 0xd7ff 0xd800 0xdfff 0xe000 0xfffd 0xffff 0x10000 0x10ffff 0x110000
func Back(r rune) (rune, int, rune, int) {
	var b [utf8.UTFMax]byte
	n := utf8.EncodeRune(b[:], r)
	first, size := utf8.DecodeRune(b[:])
	last, back := utf8.DecodeLastRune(b[:n])
	return first, size, last, back
}

//in:a 0 0x41 0x7f 0x80 0xbf 0xc0 0xc1 0xc2 0xdf 0xe0 0xe1 0xec 0xed 0xee 0xef 0xf0 0xf1 0xf3 0xf4 0xf5 0xff
//in:b 0 0x7f 0x80 0x8f 0x90 0x9f 0xa0 0xbf 0xc0 0xff
//in:c 0x41 0x7f 0x80 0xbf 0xc3
//in:d 0x7f 0x80 0xbf 0xe2
//in:n 0..4
func Decode(a, b, c, d, n uint8) (r rune, size int, last rune, back int, full bool) {
	bytes := [4]byte{a, b, c, d}
	r, size = utf8.DecodeRune(bytes[:n])
	last, back = utf8.DecodeLastRune(bytes[:n])
	return r, size, last, back, utf8.FullRune(bytes[:n])
}

//in:a 0 0x41 0x80 0xbf 0xc2 0xdf 0xe0 0xe1 0xed 0xf0 0xf4 0xf5
//in:b 0x41 0x80 0x90 0xa0 0xbf 0xc3 0xe2
//in:c 0x41 0x80 0x82 0xbf 0xc3
//in:d 0x7f 0x80 0xac 0xe2
//in:n 0..4
func Count(a, b, c, d, n uint8) (count int, valid, start bool) {
	bytes := [4]byte{a, b, c, d}
	return utf8.RuneCount(bytes[:n]), utf8.Valid(bytes[:n]), utf8.RuneStart(a)
}

func Constants(x rune) (bool, bool, bool) {
	return x < utf8.RuneSelf, x > utf8.MaxRune, x == utf8.RuneError
}

//in:a 0 0x41 0x80 0xbf 0xc2 0xdf 0xe0 0xe1 0xed 0xf0 0xf4 0xf5
//in:b 0x41 0x80 0x90 0xa0 0xbf 0xc3 0xe2
//in:c 0x41 0x80 0x82 0xbf 0xc3
//in:d 0x7f 0x80 0xac 0xe2
//in:n 0..4
func InString(a, b, c, d, n uint8) (r rune, size int, last rune, back, count int, full, valid bool) {
	bytes := [4]byte{a, b, c, d}
	s := string(bytes[:n])
	r, size = utf8.DecodeRuneInString(s)
	last, back = utf8.DecodeLastRuneInString(s)
	return r, size, last, back, utf8.RuneCountInString(s), utf8.FullRuneInString(s), utf8.ValidString(s)
}

//in:r -1 0 0x7f 0x80 0x7ff 0x800 0xd800 0xfffd 0xffff 0x10000 0x10ffff 0x110000
func Append(r, q rune) (length int, sum uint64) {
	var a [9]byte
	b := utf8.AppendRune(utf8.AppendRune(a[:1], r), q&0x7ff)
	for _, c := range b {
		sum = sum<<8 | uint64(c)
	}
	return len(b), sum
}
