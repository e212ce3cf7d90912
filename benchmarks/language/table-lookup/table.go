// Package bpf reads text by tables: the class of each byte, and the next state of a scanner that counts
// words and adds up numbers; and a checksum by a table of sixteen.
package bpf

import "tinybpf/ebpf"

type class = uint8

const (
	other class = iota
	space
	digit
	letter
	classes
)

const (
	between = iota
	inNumber
	inWord
	states = 4
)

// kinds has the class of each byte.
var kinds = func() (k [256]class) {
	for c := range k {
		switch {
		case c == ' ' || c == '\t' || c == '\n':
			k[c] = space
		case '0' <= c && c <= '9':
			k[c] = digit
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			k[c] = letter
		}
	}
	return k
}()

var next = [states][classes]uint8{
	between:  {other: between, space: between, digit: inNumber, letter: inWord},
	inNumber: {other: between, space: between, digit: inNumber, letter: inWord},
	inWord:   {other: between, space: between, digit: inWord, letter: inWord},
}

// crc has the CRC-32 of each half byte.
var crc = func() (t [16]uint32) {
	for i := range t {
		t[i] = uint32(i)
		for range 4 {
			t[i] = t[i]>>1 ^ -(t[i]&1)&0xedb88320
		}
	}
	return t
}()

// What was found in the packet that came last.
var (
	words, numbers uint32
	sum            uint64
	checksum       uint32
)

const length = 64

//bpf:section xdp
func scan(ctx *ebpf.XDP) ebpf.XDPAction {
	text := ebpf.Header[[length]uint8](ctx, ebpf.EthernetLen)
	if text == nil {
		return ebpf.XDPDrop
	}
	var (
		state  uint8 = between
		number uint64
		check  = ^uint32(0)
	)
	words, numbers, sum = 0, 0, 0
	for _, c := range text {
		to := next[state%states][kinds[c]%classes]
		switch {
		case to == inNumber:
			number = number*10 + uint64(c) - '0'
		case state == inNumber:
			numbers++
			sum += number
			number = 0
		}
		if to == inWord && state != inWord {
			words++
		}
		state = to
		check ^= uint32(c)
		check = check>>4 ^ crc[check%16]
		check = check>>4 ^ crc[check%16]
	}
	checksum = ^check
	return ebpf.XDPPass
}
