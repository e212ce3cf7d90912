package same

import "tinybpf/ebpf"

// A record takes 21 bytes, 24 with padding, 32 in the ring.
type record struct {
	N    uint32
	Size uint32
	Text [13]byte
}

// A wide one takes a quarter of the ring with the kernel's 8 bytes.
type wide [1016]byte

var (
	ring     = ebpf.RingBuf[record]{MaxEntries: 4096}
	wideRing = ebpf.RingBuf[wide]{MaxEntries: 4096}
	tooWide  = ebpf.RingBuf[[4090]byte]{MaxEntries: 4096}
)

var number uint32

// order reserves, outputs and discards; what user space reads is compared.
//
//bpf:section xdp
func order(ctx *ebpf.XDP) ebpf.XDPAction {
	first, second, third := ring.Reserve(), ring.Reserve(), ring.Reserve()
	put(int64(ring.Available()))
	number++
	ring.Output(&record{N: number, Size: 1})
	put(int64(ring.Available()))
	if first != nil {
		number++
		first.N = number
		first.Text[12] = 'x'
		ring.Submit(first)
	}
	if third != nil {
		number++
		third.N = number
		ring.SubmitWith(third, ebpf.NoWakeup)
	}
	if second != nil {
		ring.Discard(second)
	}
	put(int64(ring.Available()))
	return ebpf.XDPPass
}

// fill outputs records until there is no room.
//
//bpf:section xdp
func fill(ctx *ebpf.XDP) ebpf.XDPAction {
	fitted := int64(0)
	for range 200 {
		number++
		if ring.Output(&record{N: number}) {
			fitted++
		}
	}
	put(fitted)
	put(int64(ring.Available()))
	full := ring.Reserve()
	if full != nil {
		ring.Discard(full)
		put(-1)
	}
	for i := range 5 {
		w := wideRing.Reserve()
		if w == nil {
			put(int64(i))
			continue
		}
		wideRing.Submit(w)
	}
	put(int64(wideRing.Available()))
	if never := tooWide.Reserve(); never != nil {
		tooWide.Discard(never)
		put(-1)
	}
	return ebpf.XDPPass
}
