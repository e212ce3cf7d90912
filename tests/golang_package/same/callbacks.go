package same

import "tinybpf/ebpf"

// forEach looks through maps, and loops, with literals that the kernel calls back.
//
//bpf:section xdp
func forEach(ctx *ebpf.XDP) ebpf.XDPAction {
	for k := uint32(0); k < 3; k++ {
		onFly.Update(k, 10*uint64(k+1))
		perCPU.Update(k, uint64(k))
	}
	var sum, calls uint64
	onFly.ForEach(func(k *uint32, v *uint64) bool {
		sum += *v + uint64(*k)
		calls++
		*v++
		return true
	})
	put(int64(sum))
	put(int64(calls))
	calls = 0
	onFly.ForEach(func(k *uint32, v *uint64) bool {
		calls++
		return calls < 2
	})
	put(int64(calls))
	show(onFly.Lookup(0))
	show(onFly.Lookup(2))
	sum = 0
	perCPU.ForEach(func(k *uint32, v *uint64) bool {
		sum += *v
		return true
	})
	put(int64(sum))
	put(int64(ebpf.Loop(10, func(i uint32) bool { return i < 4 })))
	put(int64(ebpf.Loop(0, func(i uint32) bool { return true })))
	put(int64(ebpf.Loop(1<<23+1, func(i uint32) bool { return true })))
	return ebpf.XDPPass
}
