package ebpf_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

var (
	client = netip.MustParseAddrPort("192.0.2.1:40000")
	server = netip.MustParseAddrPort("198.51.100.2:53")
)

// at is where a value is, for helpers that take memory.
func at[T any](v *T) unsafe.Pointer { return unsafe.Pointer(v) }

func start(text string) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(text)) }

func fails(t *testing.T, what string, result int64, want ebpf.Errno) {
	t.Helper()
	if result != -int64(want) {
		t.Errorf("%s: %d, want %d", what, result, -int64(want))
	}
}

func TestFakeReachesWhatIsMadeOfTheHelper(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.Set(t, ebpf.GetCurrentPidTgid, func() uint64 { return 7<<32 | 8 })
	ebpftest.Set(t, ebpf.GetCurrentComm, func(buf unsafe.Pointer, size uint32) int64 {
		copy(unsafe.Slice((*byte)(buf), size), "cat")
		return 0
	})
	var comm ebpf.Comm
	ebpf.CurrentComm(&comm)
	if ebpf.PID() != 7 || ebpf.TID() != 8 || comm != (ebpf.Comm{'c', 'a', 't'}) {
		t.Error(ebpf.PID(), ebpf.TID(), comm)
	}
}

func TestFakeOfAHelperWithoutResult(t *testing.T) {
	ebpftest.Start(t)
	var given uint64
	ebpftest.Set(t, ebpf.RingbufSubmit, func(data unsafe.Pointer, flags uint64) { given = flags })
	ebpf.RingbufSubmit(nil, ebpf.RBNoWakeup)
	if given != 1 {
		t.Error(given)
	}
}

func TestHelperWithoutImplementationSaysSo(t *testing.T) {
	ebpftest.Start(t)
	defer func() {
		got := fmt.Sprint(recover())
		if !strings.HasPrefix(got, "ebpf.GetCurrentTask has no native") || !strings.Contains(got, "ebpftest.Set") {
			t.Error(got)
		}
	}()
	ebpf.GetCurrentTask()
}

func TestWhoRuns(t *testing.T) {
	ebpftest.Start(t)
	var comm ebpf.Comm
	for i := range comm {
		comm[i] = 0xff
	}
	if err := ebpf.CurrentComm(&comm); err != 0 || comm[15] != 0 || !strings.Contains(os.Args[0], string(comm[:4])) {
		t.Error(err, comm)
	}
	if ebpf.PID() != uint32(os.Getpid()) || ebpf.UID() != uint32(os.Getuid()) || ebpf.GID() != uint32(os.Getgid()) {
		t.Error(ebpf.PID(), ebpf.UID(), ebpf.GID())
	}
	fails(t, "no room", ebpf.GetCurrentComm(nil, 0), ebpf.EINVAL)
	ebpftest.OnCPU(t, 2)
	if cpu := ebpf.GetSmpProcessorId(); cpu != 2 {
		t.Error(cpu)
	}
}

func TestClocksGoOnTogether(t *testing.T) {
	ebpftest.Start(t)
	read := map[string]func() uint64{
		"mono": ebpf.KtimeGetNs, "boot": ebpf.KtimeGetBootNs, "coarse": ebpf.KtimeGetCoarseNs,
		"tai": ebpf.KtimeGetTaiNs, "jiffies": func() uint64 { return ebpf.Jiffies64() * 4e6 },
	}
	before := map[string]uint64{}
	for name, clock := range read {
		before[name] = clock()
	}
	time.Sleep(30 * time.Millisecond)
	for name, clock := range read {
		if went := time.Duration(clock() - before[name]); went < 20*time.Millisecond || went > 20*time.Second {
			t.Errorf("%s: %v went by in 30 ms", name, went)
		}
	}
	if ahead := time.Duration(int64(ebpf.KtimeGetTaiNs()) - time.Now().UnixNano()); ahead.Round(time.Second) != 37*time.Second {
		t.Errorf("TAI is %v ahead of UTC", ahead)
	}
}

func TestMemoryByAddress(t *testing.T) {
	ebpftest.Start(t)
	user, kernel := ebpftest.UserString("/bin/true"), ebpftest.Kernel(uint64(0x1122334455667788))
	var text [8]byte
	if n := ebpf.ProbeReadUserStr(at(&text), 8, user); n != 8 || string(text[:]) != "/bin/tr\x00" {
		t.Error(n, text)
	}
	if n := ebpf.ProbeReadStr(at(&text), 8, user+5); n != 5 || string(text[:5]) != "true\x00" {
		t.Error(n, text)
	}
	var number uint64
	for name, read := range map[string]func(unsafe.Pointer, uint32, uint64) int64{
		"ProbeRead": ebpf.ProbeRead, "ProbeReadKernel": ebpf.ProbeReadKernel,
	} {
		number = 0
		if err := read(at(&number), 8, kernel); err != 0 || number != 0x1122334455667788 {
			t.Errorf("%s: %d, %#x", name, err, number)
		}
	}
	fails(t, "the kernel's memory as the process's", ebpf.ProbeReadUser(at(&number), 8, kernel), ebpf.EFAULT)
	if number != 0 {
		t.Errorf("%#x after EFAULT", number)
	}
	fails(t, "past the end", ebpf.ProbeReadKernel(at(&number), 8, kernel+1), ebpf.EFAULT)
	fails(t, "nowhere", ebpf.CopyFromUser(at(&number), 8, 0), ebpf.EFAULT)
	there := ebpftest.User(uint32(1))
	if err := ebpf.ProbeWriteUser(there, at(&[]byte{9, 0, 0, 0}[0]), 4); err != 0 {
		t.Error(err)
	}
	if v, ok := ebpftest.UserValue[uint32](there); !ok || v != 9 {
		t.Error(v, ok)
	}
}

func TestMapsThroughHelpers(t *testing.T) {
	ebpftest.Start(t)
	m := &ebpf.Hash[uint32, uint64]{MaxEntries: 2}
	for i := range uint32(3) {
		value := uint64(i) * 10
		err := ebpf.MapUpdateElem(m, at(&i), at(&value), ebpf.NoExist)
		if want := []int64{0, 0, -7}[i]; err != want {
			t.Errorf("update %d: %d", i, err)
		}
	}
	key := uint32(1)
	value := uint64(5)
	fails(t, "inserted again", ebpf.MapUpdateElem(m, at(&key), at(&value), ebpf.NoExist), ebpf.EEXIST)
	if p := (*uint64)(ebpf.MapLookupElem(m, at(&key))); p == nil || *p != 10 {
		t.Error(p)
	}
	var sum uint64
	add := func(m ebpf.Map, key, value, ctx unsafe.Pointer) int64 {
		*(*uint64)(ctx) += uint64(*(*uint32)(key)) + *(*uint64)(value)
		return 0
	}
	if n := ebpf.ForEachMapElem(m, add, at(&sum), 0); n != 2 || sum != 11 {
		t.Error(n, sum)
	}
	stop := func(m ebpf.Map, key, value, ctx unsafe.Pointer) int64 { return 1 }
	if n := ebpf.ForEachMapElem(m, stop, nil, 0); n != 1 {
		t.Error(n)
	}
	fails(t, "a flag", ebpf.ForEachMapElem(m, stop, nil, 1), ebpf.EINVAL)
	if err := ebpf.MapDeleteElem(m, at(&key)); err != 0 || ebpf.MapLookupElem(m, at(&key)) != nil {
		t.Error(err)
	}
	fails(t, "deleted again", ebpf.MapDeleteElem(m, at(&key)), ebpf.ENOENT)

	array := &ebpf.Array[uint64]{MaxEntries: 3}
	var seen []uint32
	ebpf.ForEachMapElem(array, func(m ebpf.Map, key, value, ctx unsafe.Pointer) int64 {
		seen = append(seen, *(*uint32)(key))
		return 0
	}, nil, 0)
	if !slices.Equal(seen, []uint32{0, 1, 2}) {
		t.Error(seen)
	}
}

func TestPerCPUThroughHelpers(t *testing.T) {
	ebpftest.Start(t)
	m := &ebpf.PerCPUArray[uint64]{MaxEntries: 1}
	ebpftest.OnCPU(t, 3)
	index := uint32(0)
	*(*uint64)(ebpf.MapLookupElem(m, at(&index))) = 33
	for cpu := range uint32(4) {
		want := map[uint32]uint64{3: 33}[cpu]
		if got := *(*uint64)(ebpf.MapLookupPercpuElem(m, at(&index), cpu)); got != want {
			t.Errorf("CPU %d: %d", cpu, got)
		}
	}
	if ebpf.MapLookupPercpuElem(m, at(&index), 4) != nil {
		t.Error("there is no CPU 4")
	}
}

func TestRingThroughHelpers(t *testing.T) {
	ebpftest.Start(t)
	m := &ebpf.RingBuf[uint64]{MaxEntries: 4096}
	p := (*uint64)(ebpf.RingbufReserve(m, 8, 0))
	*p = 1
	two, three := uint64(2), uint64(3)
	ebpf.RingbufOutput(m, at(&two), 8, 0)
	ebpf.RingbufDiscard(ebpf.RingbufReserve(m, 8, 0), 0)
	ebpf.RingbufSubmit(at(p), 0)
	ebpf.RingbufOutput(m, at(&three), 8, ebpf.RBForceWakeup)
	if n := ebpf.RingbufQuery(m, ebpf.RBRingSize); n != 4096 {
		t.Error(n)
	}
	if n := ebpf.RingbufQuery(m, ebpf.RBAvailData); n != 4*16 {
		t.Error(n)
	}
	if got := ebpftest.Records(m); !slices.Equal(got, []uint64{1, 2, 3}) {
		t.Error(got)
	}
	fails(t, "a flag that nobody knows", ebpf.RingbufOutput(m, at(&two), 8, 4), ebpf.EINVAL)
	fails(t, "too large", ebpf.RingbufOutput(m, at(&two), 1<<20, 0), ebpf.EAGAIN)
}

func TestBpfLoop(t *testing.T) {
	var sum uint32
	add := func(i uint32, ctx unsafe.Pointer) int64 {
		*(*uint32)(ctx) += i
		if i == 4 {
			return 1
		}
		return 0
	}
	if n := ebpf.BpfLoop(3, add, at(&sum), 0); n != 3 || sum != 3 {
		t.Error(n, sum)
	}
	if n := ebpf.BpfLoop(100, add, at(&sum), 0); n != 5 || sum != 3+10 {
		t.Error(n, sum)
	}
	fails(t, "too many", ebpf.BpfLoop(1<<23+1, add, nil, 0), ebpf.E2BIG)
	fails(t, "a flag", ebpf.BpfLoop(1, add, nil, 1), ebpf.EINVAL)
}

func TestPacketThroughHelpers(t *testing.T) {
	ebpftest.Start(t)
	frame := ebpftest.UDP(client, server, []byte("hello"))
	xdp, skb := ebpftest.XDP(frame), ebpftest.SKB(frame)
	var part [4]byte
	if err := ebpf.XdpLoadBytes(xdp, uint32(len(frame)-4), at(&part), 4); err != 0 || string(part[:]) != "ello" {
		t.Error(err, part)
	}
	fails(t, "load past the end", ebpf.XdpLoadBytes(xdp, uint32(len(frame)-3), at(&part), 4), ebpf.EINVAL)
	if string(part[:]) != "ello" {
		t.Error("XdpLoadBytes leaves the memory alone where it fails")
	}
	fails(t, "load past the end", ebpf.SkbLoadBytes(skb, uint32(len(frame)-3), at(&part), 4), ebpf.EFAULT)
	if part != [4]byte{} {
		t.Error("SkbLoadBytes zeroes the memory where it fails")
	}
	jelly := []byte("j")
	ebpf.XdpStoreBytes(xdp, uint32(len(frame)-5), at(&jelly[0]), 1)
	skb.Hash = 5
	ebpf.SkbStoreBytes(skb, uint32(len(frame)-5), at(&jelly[0]), 1, ebpf.FInvalidateHash)
	if a, b := ebpftest.Packet(xdp), ebpftest.Packet(skb); !bytes.HasSuffix(a, []byte("jello")) || !bytes.Equal(a, b) || skb.Hash != 0 {
		t.Errorf("%q %q %d", a, b, skb.Hash)
	}
	fails(t, "a flag", ebpf.SkbStoreBytes(skb, 0, at(&jelly[0]), 1, 4), ebpf.EINVAL)
	fails(t, "pull more", ebpf.SkbPullData(skb, uint32(len(frame))+1), ebpf.ENOMEM)

	if err := ebpf.XdpAdjustHead(xdp, -4); err != 0 || ebpf.XdpGetBuffLen(xdp) != uint64(len(frame)+4) {
		t.Error(err, ebpf.XdpGetBuffLen(xdp))
	}
	if err := ebpf.XdpAdjustHead(xdp, 4); err != 0 || !bytes.HasSuffix(ebpftest.Packet(xdp), []byte("jello")) {
		t.Error(err)
	}
	if err := ebpf.XdpAdjustTail(xdp, -2); err != 0 || !bytes.HasSuffix(ebpftest.Packet(xdp), []byte("jel")) {
		t.Error(err)
	}
	if err := ebpf.XdpAdjustTail(xdp, 2); err != 0 || !bytes.HasSuffix(ebpftest.Packet(xdp), []byte("jel\x00\x00")) {
		t.Error(err)
	}
	fails(t, "no room", ebpf.XdpAdjustHead(xdp, -4096), ebpf.EINVAL)
	fails(t, "nothing left", ebpf.XdpAdjustTail(xdp, -int32(len(frame))), ebpf.EINVAL)
}

func TestContextWithoutPacket(t *testing.T) {
	defer func() {
		if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "ebpf.XdpGetBuffLen: the context has no packet") {
			t.Error(got)
		}
	}()
	ebpf.XdpGetBuffLen(&ebpf.XDP{})
}

// A new address and a new port leave checksums that hold, by both ways to correct them.
func TestChecksumsHold(t *testing.T) {
	ebpftest.Start(t)
	const ipSum, source, udpSum, port = 14 + 10, 14 + 12, 14 + 20 + 6, 14 + 20
	raw := func(b []byte) uint64 { return uint64(binary.NativeEndian.Uint32(b)) }
	for _, byDifference := range []bool{false, true} {
		frame := ebpftest.UDP(client, server, []byte("odd"))
		skb := ebpftest.SKB(frame)
		old, fresh := frame[source:source+4], netip.MustParseAddr("203.0.113.77").AsSlice()
		var errs []int64
		if byDifference {
			diff := uint64(ebpf.CsumDiff(at(&old[0]), 4, at(&fresh[0]), 4, 0))
			errs = append(errs, ebpf.L3CsumReplace(skb, ipSum, 0, diff, 0),
				ebpf.L4CsumReplace(skb, udpSum, 0, diff, ebpf.FPseudoHdr|ebpf.FMarkMangled0))
		} else {
			errs = append(errs, ebpf.L3CsumReplace(skb, ipSum, raw(old), raw(fresh), 4),
				ebpf.L4CsumReplace(skb, udpSum, raw(old), raw(fresh), ebpf.FPseudoHdr|ebpf.FMarkMangled0|4))
		}
		errs = append(errs, ebpf.SkbStoreBytes(skb, source, at(&fresh[0]), 4, 0))
		portThere := binary.NativeEndian.Uint16(frame[port:])
		errs = append(errs, ebpf.L4CsumReplace(skb, udpSum, uint64(portThere), 0x1122, ebpf.FMarkMangled0|2))
		newPort := binary.NativeEndian.AppendUint16(nil, 0x1122)
		errs = append(errs, ebpf.SkbStoreBytes(skb, port, at(&newPort[0]), 2, 0))
		if slices.Max(errs) != 0 || slices.Min(errs) != 0 {
			t.Error(errs)
		}
		addr, _ := netip.AddrFromSlice(fresh)
		want := ebpftest.UDP(netip.AddrPortFrom(addr, binary.BigEndian.Uint16(newPort)), server, []byte("odd"))
		if got := ebpftest.Packet(skb); !bytes.Equal(got, want) {
			t.Errorf("by difference %v:\n% x, want\n% x", byDifference, got, want)
		}
	}
	skb := ebpftest.SKB(ebpftest.UDP(client, server, nil))
	fails(t, "three bytes", ebpf.L3CsumReplace(skb, ipSum, 0, 0, 3), ebpf.EINVAL)
	fails(t, "an odd place", ebpf.L3CsumReplace(skb, ipSum+1, 0, 0, 2), ebpf.EFAULT)
	fails(t, "past the end", ebpf.L4CsumReplace(skb, 1000, 0, 0, 2), ebpf.EFAULT)
	fails(t, "three bytes", ebpf.CsumDiff(start("abc"), 3, nil, 0, 0), ebpf.EINVAL)
}

func TestStrncmp(t *testing.T) {
	for _, c := range []struct {
		a, b string
		size uint32
		sign int
	}{
		{"abc\x00", "abc\x00", 4, 0}, {"abd\x00", "abc\x00", 4, 1}, {"abb\x00", "abc\x00", 4, -1},
		{"ab\x00x", "ab\x00", 4, 0}, {"ab\x00", "abc\x00", 3, -1}, {"abcd", "abc\x00", 3, 0}, {"abcd", "abc\x00", 4, 1},
		{"\xff\x00", "a\x00", 2, 1}, {"", "a\x00", 0, 0},
	} {
		got := ebpf.Strncmp(start(c.a), c.size, start(c.b))
		if (got > 0) != (c.sign > 0) || (got < 0) != (c.sign < 0) {
			t.Errorf("%q, %d, %q: %d", c.a, c.size, c.b, got)
		}
	}
}

func TestStructsOfHelpers(t *testing.T) {
	addr := ebpf.IPv4Of(192, 0, 2, 1)
	var key ebpf.TunnelKey
	key.SetRemoteIP4(addr)
	key.SetLocalIP4(ebpf.IPv4Of(10, 0, 0, 1))
	words := (*[11]uint32)(at(&key))
	if words[1] != 0xc0000201 || words[7] != 0x0a000001 || key.RemoteIP4() != addr {
		t.Errorf("the kernel has these in the machine's order: %#x", *words)
	}
	var fib ebpf.FIBLookup
	fib.SetDstIP4(addr)
	fib.SetTable(254)
	fib.SetMark(7)
	fib.SetTOS(0x10)
	raw := (*[64]byte)(at(&fib))
	if !bytes.Equal(raw[32:36], []byte{192, 0, 2, 1}) || fib.DstIP4() != addr || raw[12] != 0x10 ||
		binary.NativeEndian.Uint32(raw[48:]) != 254 || binary.NativeEndian.Uint32(raw[52:]) != 7 {
		t.Errorf("% x", raw)
	}
	var tuple ebpf.SockTuple
	*tuple.IPv4() = ebpf.SockTupleIPv4{Src: addr, SrcPort: ebpf.NewBE16(80), DstPort: ebpf.NewBE16(443)}
	if b := (*[12]byte)(at(&tuple)); *b != [12]byte{192, 0, 2, 1, 0, 0, 0, 0, 0, 80, 1, 0xbb} {
		t.Errorf("% x", b)
	}
	if unsafe.Sizeof(*tuple.IPv4()) != ebpf.SockTupleIPv4Len || unsafe.Sizeof(*tuple.IPv6()) != ebpf.SockTupleIPv6Len {
		t.Error("sizes of tuples")
	}
	ops := &ebpf.SockOps{}
	b := (*[192]byte)(at(ops))
	b[66], b[67] = 1, 0xbb // the upper half has the port, in network byte order
	if ops.RemotePort() != 443 {
		t.Error(ops.RemotePort())
	}
}
