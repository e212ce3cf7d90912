// Package bpf hashes the text of a packet in three ways: shifts, rotations and multiplications of 32 and
// 64 bits.
package bpf

import (
	"math/bits"

	"tinybpf/ebpf"
)

const words = 16

// murmur is MurmurHash3 with 32 bits.
func murmur(data *[words]uint32, seed uint32) uint32 {
	h := seed
	for _, k := range data {
		k *= 0xcc9e2d51
		k = bits.RotateLeft32(k, 15)
		k *= 0x1b873593
		h ^= k
		h = bits.RotateLeft32(h, 13)
		h = h*5 + 0xe6546b64
	}
	h ^= words * 4
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	h ^= h >> 16
	return h
}

// A sip is the state of SipHash.
type sip struct{ v0, v1, v2, v3 uint64 }

func (s *sip) round() {
	s.v0 += s.v1
	s.v1 = bits.RotateLeft64(s.v1, 13)
	s.v1 ^= s.v0
	s.v0 = bits.RotateLeft64(s.v0, 32)
	s.v2 += s.v3
	s.v3 = bits.RotateLeft64(s.v3, 16)
	s.v3 ^= s.v2
	s.v0 += s.v3
	s.v3 = bits.RotateLeft64(s.v3, 21)
	s.v3 ^= s.v0
	s.v2 += s.v1
	s.v1 = bits.RotateLeft64(s.v1, 17)
	s.v1 ^= s.v2
	s.v2 = bits.RotateLeft64(s.v2, 32)
}

// siphash is SipHash-1-3.
func siphash(data *[words]uint32, k0, k1 uint64) uint64 {
	s := sip{
		k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573,
	}
	for i := 0; i < words; i += 2 {
		m := uint64(data[i]) | uint64(data[i+1])<<32
		s.v3 ^= m
		s.round()
		s.v0 ^= m
	}
	last := uint64(words*4) << 56
	s.v3 ^= last
	s.round()
	s.v0 ^= last
	s.v2 ^= 0xff
	for range 3 {
		s.round()
	}
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3
}

// mix is the last step of Jenkins' hash, as the kernel's jhash has it.
func mix(a, b, c uint32) uint32 {
	c ^= b
	c -= bits.RotateLeft32(b, 14)
	a ^= c
	a -= bits.RotateLeft32(c, 11)
	b ^= a
	b -= bits.RotateLeft32(a, 25)
	c ^= b
	c -= bits.RotateLeft32(b, 16)
	a ^= c
	a -= bits.RotateLeft32(c, 4)
	b ^= a
	b -= bits.RotateLeft32(a, 14)
	c ^= b
	c -= bits.RotateLeft32(b, 24)
	return c
}

// The hashes of the packet that came last.
var (
	shortHash, jenkins uint32
	longHash           uint64
)

//bpf:section xdp
func hash(ctx *ebpf.XDP) ebpf.XDPAction {
	data := ebpf.Header[[words]uint32](ctx, ebpf.EthernetLen+2)
	if data == nil {
		return ebpf.XDPDrop
	}
	shortHash = murmur(data, 0x9747b28c)
	longHash = siphash(data, 0x0706050403020100, 0x0f0e0d0c0b0a0908)
	jenkins = mix(data[0], data[1], data[2])
	return ebpf.XDPPass
}
