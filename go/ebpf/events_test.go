package ebpf_test

import (
	"testing"
	"unsafe"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func pointer[T any](p *T) unsafe.Pointer { return unsafe.Pointer(p) }

type event struct {
	N    uint32
	Name [9]byte // 16 bytes with padding, 24 with the header
}

func TestRingOrder(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.RingBuf[event]{MaxEntries: 4096}
	numbers := func() (numbers []uint32) {
		for _, e := range ebpftest.Records(&m) {
			numbers = append(numbers, e.N)
		}
		return numbers
	}
	equal(t, "output", m.Output(&event{N: 1}), true)
	busy := m.Reserve()
	dropped := m.Reserve()
	m.Output(&event{N: 4})
	equal(t, "before the record that is reserved", numbers(), []uint32{1})
	equal(t, "available", m.Available(), 3*24)
	m.Discard(dropped)
	equal(t, "still reserved", numbers(), nil)
	busy.N = 2
	m.SubmitWith(busy, ebpf.NoWakeup)
	equal(t, "after it", numbers(), []uint32{2, 4})
	equal(t, "available", m.Available(), 0)
	equal(t, "lost", ebpftest.Lost(&m), 0)
}

func TestRingFull(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.RingBuf[event]{MaxEntries: 4096}
	n := 0
	for m.Output(&event{}) {
		n++
	}
	equal(t, "records of 24 bytes in 4096", n, 170) // 4080; one more would not leave one byte free
	equal(t, "reserve in a full ring", m.Reserve(), nil)
	equal(t, "lost", ebpftest.Lost(&m), 2)
	equal(t, "records", len(ebpftest.Records(&m)), n)
	equal(t, "output after the reader has read", m.Output(&event{}), true)

	exact := ebpf.RingBuf[[1016]byte]{MaxEntries: 4096} // 1024 bytes with the header
	equal(t, "outputs", []bool{exact.Output(new([1016]byte)), exact.Output(new([1016]byte)), exact.Output(new([1016]byte)),
		exact.Output(new([1016]byte))}, []bool{true, true, true, false}) // the kernel keeps the last byte free
	large := ebpf.RingBuf[[8000]byte]{MaxEntries: 4096}
	equal(t, "a record that never fits", large.Output(new([8000]byte)), false)
}

func TestReserveIsZero(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.RingBuf[event]{MaxEntries: 4096}
	for range 300 {
		e := m.Reserve()
		equal(t, "record", *e, event{})
		*e = event{N: 1, Name: [9]byte{1}}
		m.Submit(e)
		ebpftest.Records(&m)
	}
}

func TestReservationTwice(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.RingBuf[event]{MaxEntries: 4096}
	e := m.Reserve()
	m.Submit(e)
	says(t, func() { m.Submit(e) }, "Submit", "already", "verifier")
	says(t, func() { m.Discard(e) }, "Discard", "already")
	says(t, func() { m.Submit(new(event)) }, "no record that Reserve gave")
}

func TestPerf(t *testing.T) {
	ebpftest.Start(t)
	var m ebpf.PerfEventArray[event]
	for i, cpu := range []int{1, 0, 1} {
		ebpftest.OnCPU(t, cpu)
		equal(t, "output", m.Output(&ebpf.XDP{}, &event{N: uint32(i)}), true)
	}
	equal(t, "records", ebpftest.Records(&m), []event{{N: 1}, {N: 0}, {N: 2}})
	equal(t, "records again", ebpftest.Records(&m), nil)

	n := 0
	for m.Output(nil, &event{}) {
		n++
	}
	equal(t, "records of 32 bytes with header", n, ebpftest.PerfBuffer/32)
	equal(t, "lost", ebpftest.Lost(&m), 1)
	ebpftest.OnCPU(t, 2)
	equal(t, "output on another CPU", m.Output(nil, &event{}), true)

	few := ebpf.PerfEventArray[event]{MaxEntries: 2}
	equal(t, "output past the end", few.Output(nil, &event{}), false)
}
