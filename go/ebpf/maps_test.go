package ebpf_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

type pair struct {
	A uint8
	B uint32 // after padding
	_ uint16
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// panics gives what f panics with.
func panics(t *testing.T, f func()) (text string) {
	t.Helper()
	defer func() {
		t.Helper()
		p := recover()
		if p == nil {
			t.Error("no panic")
		}
		text, _ = p.(string)
	}()
	f()
	return ""
}

func says(t *testing.T, f func(), words ...string) {
	t.Helper()
	text := panics(t, f)
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("panic %q does not say %q", text, word)
		}
	}
}

func TestHash(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.Hash[uint32, uint64]{MaxEntries: 2}
	equal(t, "lookup of nothing", m.Lookup(1), nil)
	equal(t, "replace of nothing", m.Replace(1, 10), ebpf.ENOENT)
	equal(t, "delete of nothing", m.Delete(1), ebpf.ENOENT)
	equal(t, "insert", m.Insert(1, 10), 0)
	equal(t, "second insert", m.Insert(1, 11), ebpf.EEXIST)
	equal(t, "update", m.Update(2, 20), 0)
	equal(t, "update of the third", m.Update(3, 30), ebpf.E2BIG)
	equal(t, "insert of the third", m.Insert(3, 30), ebpf.E2BIG)
	equal(t, "lookup or insert of the third", m.LookupOrInsert(3, 30), nil)
	equal(t, "lookup or zero of the third", m.LookupOrZero(3), nil)
	equal(t, "replace in a full map", m.Replace(2, 21), 0)
	equal(t, "entries", ebpftest.Entries(&m), map[uint32]uint64{1: 10, 2: 21})
	equal(t, "delete", m.Delete(1), 0)
	equal(t, "lookup or insert", *m.LookupOrInsert(3, 30), 30)
	equal(t, "lookup or insert of what is there", *m.LookupOrInsert(3, 31), 30)
	equal(t, "entries", ebpftest.Entries(&m), map[uint32]uint64{2: 21, 3: 30})
}

func TestHashPointers(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.Hash[uint32, uint64]{MaxEntries: 2}
	before := m.LookupOrZero(1)
	*before = 7
	equal(t, "value written through the pointer", *m.Lookup(1), 7)
	m.Update(1, 8) // a new element takes the place of the old one
	*before = 9
	equal(t, "value after a write through the old pointer", *m.Lookup(1), 8)
	now := m.Lookup(1)
	m.Delete(1)
	*now = 10 // of an element that is gone
	equal(t, "lookup after delete", m.Lookup(1), nil)
}

func TestHashKeysWithPadding(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.Hash[pair, uint32]{MaxEntries: 4}
	var keys [3]pair
	for i := range keys {
		dirty := (*[12]byte)(reflect.ValueOf(&keys[i]).UnsafePointer())
		for j := range dirty {
			dirty[j] = byte(0x11 * (i + 1)) // also where no field is
		}
		keys[i].A, keys[i].B = 1, 2
		m.Update(keys[i], uint32(i))
	}
	equal(t, "entries", ebpftest.Entries(&m), map[pair]uint32{{A: 1, B: 2}: 2})
}

func TestLRU(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.LRUHash[uint32, uint32]{MaxEntries: 3}
	for key := range uint32(3) {
		m.Update(key, key)
	}
	m.Lookup(0)
	m.Replace(1, 11)
	equal(t, "update of a full map", m.Update(3, 3), 0) // 2 was not used for longest
	equal(t, "entries", ebpftest.Entries(&m), map[uint32]uint32{0: 0, 1: 11, 3: 3})
	ebpftest.Entries(&m) // user space's look does not count
	m.Update(4, 4)
	equal(t, "entries", ebpftest.Entries(&m), map[uint32]uint32{1: 11, 3: 3, 4: 4})
}

func TestPerCPUHash(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.PerCPUHash[uint32, uint64]{MaxEntries: 1}
	ebpftest.OnCPU(t, 2)
	m.Update(5, 50)
	equal(t, "values", ebpftest.PerCPU(&m, 5), []uint64{0, 0, 50, 0})
	ebpftest.OnCPU(t, 1)
	equal(t, "this CPU's value", *m.Lookup(5), 0)
	kept := m.Lookup(5)
	m.Update(5, 51) // in place
	equal(t, "value behind an older pointer", *kept, 51)
	equal(t, "a second key", m.Update(6, 60), ebpf.E2BIG)
	equal(t, "all", ebpftest.PerCPUEntries(&m), map[uint32][]uint64{5: {0, 51, 50, 0}})
	equal(t, "of no key", ebpftest.PerCPU(&m, 6), nil)
	says(t, func() { ebpftest.Entries(&m) }, "PerCPUEntries")
	says(t, func() { ebpftest.PerCPU(&ebpf.Hash[uint32, uint32]{MaxEntries: 1}, 0) }, "one value for all CPUs")

	lru := ebpf.LRUPerCPUHash[uint32, uint64]{MaxEntries: 1}
	lru.Update(1, 1)
	equal(t, "a second key of an LRU", lru.Update(2, 2), 0)
	equal(t, "all of the LRU", ebpftest.PerCPUEntries(&lru), map[uint32][]uint64{2: {0, 2, 0, 0}})
}

func TestArray(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.Array[uint16]{MaxEntries: 3}
	equal(t, "values", ebpftest.Values(&m), []uint16{0, 0, 0})
	equal(t, "update", m.Update(2, 7), 0)
	equal(t, "update past the end", m.Update(3, 7), ebpf.E2BIG)
	equal(t, "lookup past the end", m.Lookup(3), nil)
	p := m.Lookup(2)
	m.Update(2, 8) // in place
	equal(t, "value behind an older pointer", *p, 8)
	equal(t, "delete", ebpf.Errno(-ebpf.MapDeleteElem(&m, pointer(new(uint32)))), ebpf.EINVAL)
	equal(t, "values", ebpftest.Values(&m), []uint16{0, 0, 8})

	huge := ebpf.Array[[1024]uint64]{MaxEntries: 1 << 31}
	huge.Lookup(1<<31 - 1)[5] = 1
	says(t, func() { ebpftest.Values(&huge) }, "bytes", "Lookup")
	equal(t, "last value of a huge array", huge.Lookup(1<<31 - 1)[5], 1)
}

func TestPerCPUArray(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.PerCPUArray[uint32]{MaxEntries: 2}
	for cpu := range ebpftest.CPUs {
		ebpftest.OnCPU(t, cpu)
		m.Update(1, uint32(cpu+1))
		*m.Lookup(1) *= 10
	}
	equal(t, "values", ebpftest.PerCPU(&m, 1), []uint32{10, 20, 30, 40})
	equal(t, "values of the other index", ebpftest.PerCPU(&m, 0), []uint32{0, 0, 0, 0})
}

func TestLPM(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.LPMTrie[ebpf.IPv4Addr, uint32]{MaxEntries: 4, Flags: ebpf.NoPrealloc}
	ten := ebpf.IPv4Of(10, 0, 0, 0)
	equal(t, "lookup in nothing", m.Lookup(ten), nil)
	equal(t, "update", m.Update(8, ten, 8), 0)
	equal(t, "update", m.Update(15, ebpf.IPv4Of(10, 3, 255, 255), 15), 0) // 10.2.0.0/15
	equal(t, "update", m.Update(32, ebpf.IPv4Of(10, 2, 0, 1), 32), 0)
	equal(t, "update", m.Update(0, ten, 1), 0)
	equal(t, "update of a full map", m.Update(9, ten, 9), ebpf.ENOSPC)
	equal(t, "update of what is there in a full map", m.Update(8, ebpf.IPv4Of(10, 9, 9, 9), 88), 0)
	equal(t, "update with too many bits", m.Update(33, ten, 33), ebpf.EINVAL)
	equal(t, "delete with too many bits", m.Delete(33, ten), ebpf.EINVAL)
	for addr, want := range map[ebpf.IPv4Addr]uint32{
		ebpf.IPv4Of(10, 2, 0, 1):   32,
		ebpf.IPv4Of(10, 2, 0, 2):   15,
		ebpf.IPv4Of(10, 3, 0, 2):   15,
		ebpf.IPv4Of(10, 4, 0, 2):   88,
		ebpf.IPv4Of(192, 0, 2, 1):  1,
		ebpf.IPv4Of(255, 9, 10, 2): 1,
	} {
		equal(t, "value", *m.Lookup(addr), want)
	}
	equal(t, "delete", m.Delete(15, ebpf.IPv4Of(10, 2, 0, 0)), 0)
	equal(t, "second delete", m.Delete(15, ebpf.IPv4Of(10, 2, 0, 0)), ebpf.ENOENT)
	equal(t, "delete of a longer prefix", m.Delete(16, ten), ebpf.ENOENT)
	equal(t, "value of the shorter prefix", *m.Lookup(ebpf.IPv4Of(10, 2, 0, 2)), 88)
	equal(t, "prefixes", ebpftest.Prefixes(&m), map[ebpf.LPMKey[ebpf.IPv4Addr]]uint32{
		{PrefixLen: 0}:            1,
		{PrefixLen: 8, Addr: ten}: 88,
		{PrefixLen: 32, Addr: ebpf.IPv4Of(10, 2, 0, 1)}: 32,
	})
}

func TestQueueAndStack(t *testing.T) {
	ebpftest.Start(t)
	q := ebpf.Queue[uint32]{MaxEntries: 2}
	s := ebpf.Stack[uint32]{MaxEntries: 2}
	for name, m := range map[string]interface {
		Push(uint32) ebpf.Errno
		PushOver(uint32) ebpf.Errno
		Pop(*uint32) ebpf.Errno
		Peek(*uint32) ebpf.Errno
	}{"queue": &q, "stack": &s} {
		first, second := uint32(2), uint32(3)
		if name == "stack" {
			first, second = 3, 2
		}
		v := uint32(99)
		equal(t, name+": pop of nothing", m.Pop(&v), ebpf.ENOENT)
		equal(t, name+": value of nothing", v, 0)
		v = 99
		equal(t, name+": peek of nothing", m.Peek(&v), ebpf.ENOENT)
		equal(t, name+": value of nothing", v, 0)
		equal(t, name+": push", m.Push(1), 0)
		equal(t, name+": push", m.Push(2), 0)
		equal(t, name+": push to a full one", m.Push(3), ebpf.E2BIG)
		equal(t, name+": push over the oldest", m.PushOver(3), 0)
		equal(t, name+": peek", m.Peek(&v), 0)
		equal(t, name+": value", v, first)
		equal(t, name+": pop", m.Pop(&v), 0)
		equal(t, name+": value", v, first)
		equal(t, name+": pop", m.Pop(&v), 0)
		equal(t, name+": value", v, second)
		equal(t, name+": pop of nothing", m.Pop(&v), ebpf.ENOENT)
		m.Push(4)
		m.Push(5)
	}
	equal(t, "queued", ebpftest.Queued(&q), []uint32{4, 5})
	equal(t, "stacked", ebpftest.Queued(&s), []uint32{5, 4})
}

func TestForEach(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.Hash[uint32, uint64]{MaxEntries: 10}
	for key := range uint32(10) {
		m.Update(key, 1)
	}
	seen := map[uint32]bool{}
	m.ForEach(func(key *uint32, value *uint64) bool {
		seen[*key] = true
		*value++
		m.Delete(*key)
		m.Delete((*key + 1) % 10)
		return true
	})
	if n := len(seen); n < 5 || n == 10 {
		t.Errorf("%d entries seen, where each removed the next", n)
	}
	equal(t, "entries", len(ebpftest.Entries(&m)), 0)

	m.Update(1, 1)
	m.Update(2, 1)
	calls := 0
	m.ForEach(func(*uint32, *uint64) bool { calls++; return false })
	equal(t, "calls until false", calls, 1)

	each := ebpf.PerCPUHash[uint32, uint64]{MaxEntries: 1}
	ebpftest.OnCPU(t, 3)
	each.Update(1, 5)
	each.ForEach(func(_ *uint32, value *uint64) bool { *value++; return true })
	equal(t, "values for each CPU", ebpftest.PerCPU(&each, 1), []uint64{0, 0, 0, 6})
}

func TestLoop(t *testing.T) {
	var seen []uint32
	equal(t, "calls", ebpf.Loop(3, func(i uint32) bool { seen = append(seen, i); return true }), 3)
	equal(t, "seen", seen, []uint32{0, 1, 2})
	equal(t, "calls until false", ebpf.Loop(9, func(i uint32) bool { return i < 4 }), 5)
	equal(t, "no calls", ebpf.Loop(0, nil), 0)
	e2big := int32(-7)
	equal(t, "too many", ebpf.Loop(1<<23+1, nil), uint32(e2big))
}

func TestStartEmptiesMaps(t *testing.T) {
	m := ebpf.Hash[uint32, uint32]{MaxEntries: 1}
	for range 2 {
		t.Run("", func(t *testing.T) {
			ebpftest.Start(t)
			equal(t, "insert", m.Insert(1, 1), 0)
		})
	}
	ebpftest.Start(t)
	ebpftest.Knob(t, &m.MaxEntries, 2)
	equal(t, "insert", []ebpf.Errno{m.Insert(1, 1), m.Insert(2, 2), m.Insert(3, 3)}, []ebpf.Errno{0, 0, ebpf.E2BIG})
}

func TestWhatTheKernelRefuses(t *testing.T) {
	ebpftest.Start(t)
	type named struct{ Name string }
	for name, f := range map[string]func(){
		"ebpf.Hash[uint32, uint32]: MaxEntries is 0 EINVAL":      func() { new(ebpf.Hash[uint32, uint32]).Lookup(1) },
		"ebpf.Array[uint32]: MaxEntries is 0 EINVAL":             func() { new(ebpf.Array[uint32]).Lookup(1) },
		"ebpf.Queue[uint32]: MaxEntries is 0 EINVAL":             func() { new(ebpf.Queue[uint32]).Push(1) },
		"ebpf.ProgArray: MaxEntries is 0 EINVAL":                 func() { new(ebpf.ProgArray).TailCall(nil, 0) },
		"ebpf.RingBuf[uint32]: MaxEntries is 4095 power of two":  func() { (&ebpf.RingBuf[uint32]{MaxEntries: 4095}).Reserve() },
		"ebpf.RingBuf[uint32]: MaxEntries is 12288 power of two": func() { (&ebpf.RingBuf[uint32]{MaxEntries: 3 << 12}).Reserve() },
		"ebpf.RingBuf[uint32]: MaxEntries is 2048 pages":         func() { (&ebpf.RingBuf[uint32]{MaxEntries: 2048}).Reserve() },
		"struct {} has no bytes EINVAL":                          func() { (&ebpf.Hash[uint32, struct{}]{MaxEntries: 1}).Lookup(1) },
		"named.Name is a string plain data":                      func() { (&ebpf.Hash[uint32, named]{MaxEntries: 1}).Lookup(1) },
		"Flags has 0x2 EINVAL":                                   func() { (&ebpf.Hash[uint32, uint32]{MaxEntries: 1, Flags: ebpf.NoCommonLRU}).Lookup(1) },
		"LRU EOPNOTSUPP":                                         func() { (&ebpf.LRUHash[uint32, uint32]{MaxEntries: 1, Flags: ebpf.NoPrealloc}).Lookup(1) },
		"ebpf.LPMTrie[uint64, uint32] 8 bytes padding":           func() { (&ebpf.LPMTrie[uint64, uint32]{MaxEntries: 1}).Lookup(1) },
		"257 bytes EINVAL":                                       func() { (&ebpf.LPMTrie[[257]byte, uint32]{MaxEntries: 1}).Delete(1, [257]byte{}) },
		"40000 bytes 32 KiB E2BIG":                               func() { (&ebpf.PerCPUArray[[40000]byte]{MaxEntries: 1}).Lookup(1) },
		"ReadOnlyProg verifier":                                  func() { (&ebpf.Array[uint32]{MaxEntries: 1, Flags: ebpf.ReadOnlyProg}).Update(0, 1) },
		"WriteOnlyProg verifier":                                 func() { (&ebpf.Array[uint32]{MaxEntries: 1, Flags: ebpf.WriteOnlyProg}).Lookup(0) },
		"ebpf.Array[uint32] has no push verifier":                func() { ebpf.MapPushElem(&ebpf.Array[uint32]{MaxEntries: 1}, pointer(new(uint32)), 0) },
	} {
		t.Run(name, func(t *testing.T) { says(t, f, strings.Fields(name)...) })
	}
}

func TestGoroutines(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.Hash[uint32, counter]{MaxEntries: 8}
	done := make(chan bool)
	for range 4 {
		go func() {
			for i := range uint32(2000) {
				c := m.LookupOrZero(i % 8)
				c.Lock.Lock()
				c.N++
				c.Lock.Unlock()
			}
			done <- true
		}()
	}
	for range 4 {
		<-done
	}
	total := uint64(0)
	entries := ebpftest.Entries(&m)
	for key := range entries {
		total += entries[key].N
	}
	equal(t, "total", total, 8000)
	equal(t, "keys", slices.Sorted(maps.Keys(entries)), []uint32{0, 1, 2, 3, 4, 5, 6, 7})
}
