package ebpf

import "unsafe"

// What helpers take and give, laid out as the kernel has it. Numbers in network byte order are
// BE16 and BE32, addresses IPv4Addr and IPv6Addr; what the kernel has in one place for IPv4 and
// IPv6 is an IPv6Addr here, with methods for IPv4.

// A Sock is what networking programs see of a socket: bpf_sock. Linux 4.16 (fields came until
// 5.18).
type Sock struct {
	BoundDevIf     uint32 // interface that the socket is bound to; 0: any
	Family         uint32 // AFInet, AFInet6
	Type           uint32 // SOCK_STREAM is 1, SOCK_DGRAM 2
	Protocol       uint32 // ProtoTCP, ProtoUDP
	Mark           uint32
	Priority       uint32
	SrcIP4         IPv4Addr
	SrcIP6         IPv6Addr
	SrcPort        uint32
	DstPort        BE16
	_              [2]byte
	DstIP4         IPv4Addr
	DstIP6         IPv6Addr
	State          TCPState
	RxQueueMapping int32 // -1: none
}

// A TCPSock is what networking programs see of a TCP connection: bpf_tcp_sock, from TcpSock. Names
// and units are those of the kernel's tcp_sock. Linux 5.1.
type TCPSock struct {
	SndCwnd         uint32 // congestion window in segments
	SRTTUs          uint32 // smoothed round trip time in eighths of a microsecond
	RTTMin          uint32 // microseconds
	SndSsthresh     uint32
	RcvNxt          uint32
	SndNxt          uint32
	SndUna          uint32
	MSSCache        uint32 // segment size in bytes
	ECNFlags        uint32
	RateDelivered   uint32
	RateIntervalUs  uint32
	PacketsOut      uint32
	RetransOut      uint32
	TotalRetrans    uint32
	SegsIn          uint32
	DataSegsIn      uint32
	SegsOut         uint32
	DataSegsOut     uint32
	LostOut         uint32
	SackedOut       uint32
	BytesReceived   uint64
	BytesAcked      uint64
	DsackDups       uint32
	Delivered       uint32
	DeliveredCE     uint32
	IcskRetransmits uint32
}

// A SockTuple names a connection by its two ends, for the lookup helpers: bpf_sock_tuple. It has
// the ends over IPv4 or those over IPv6; the size given with it says which.
//
//	var tuple ebpf.SockTuple
//	*tuple.IPv4() = ebpf.SockTupleIPv4{Src: ip.Src, Dst: ip.Dst, SrcPort: tcp.SrcPort, DstPort: tcp.DstPort}
//	sk := ebpf.SkLookupTcp(ctx, &tuple, ebpf.SockTupleIPv4Len, 0, 0)
type SockTuple struct{ raw [9]uint32 }

// A SockTupleIPv4 has the ends of a connection over IPv4.
type SockTupleIPv4 struct {
	Src, Dst         IPv4Addr
	SrcPort, DstPort BE16
}

// A SockTupleIPv6 has the ends of a connection over IPv6.
type SockTupleIPv6 struct {
	Src, Dst         IPv6Addr
	SrcPort, DstPort BE16
}

// Sizes of the two forms of a SockTuple in bytes.
const (
	SockTupleIPv4Len = 12
	SockTupleIPv6Len = 36
)

// IPv4 is the tuple as one of IPv4.
func (t *SockTuple) IPv4() *SockTupleIPv4 { return (*SockTupleIPv4)(unsafe.Pointer(t)) }

// IPv6 is the tuple as one of IPv6.
func (t *SockTuple) IPv6() *SockTupleIPv6 { return (*SockTupleIPv6)(unsafe.Pointer(t)) }

// A TunnelKey says where a tunnelled packet comes from or goes to: bpf_tunnel_key. Linux 4.3;
// with the local address 5.19.
type TunnelKey struct {
	ID        uint32 // of the tunnel, such as a VXLAN's VNI
	RemoteIP6 IPv6Addr
	TOS       uint8
	TTL       uint8
	Flags     BE16   // TUNNEL_ flags, with FTuninfoFlags
	Label     uint32 // IPv6 flow label
	LocalIP6  IPv6Addr
}

// The kernel has IPv4 addresses of tunnels in the machine's byte order.

// RemoteIP4 is the other end's address over IPv4.
func (k *TunnelKey) RemoteIP4() IPv4Addr { return IPv4Addr{NewBE32(k.RemoteIP6.raw[0]).raw} }

// SetRemoteIP4 sets the other end's address over IPv4.
func (k *TunnelKey) SetRemoteIP4(addr IPv4Addr) { k.RemoteIP6.raw[0] = addr.Uint32() }

// LocalIP4 is this end's address over IPv4.
func (k *TunnelKey) LocalIP4() IPv4Addr { return IPv4Addr{NewBE32(k.LocalIP6.raw[0]).raw} }

// SetLocalIP4 sets this end's address over IPv4.
func (k *TunnelKey) SetLocalIP4(addr IPv4Addr) { k.LocalIP6.raw[0] = addr.Uint32() }

// An XfrmState is a transformation (IPsec) that a packet went through: bpf_xfrm_state. Linux 4.18.
type XfrmState struct {
	ReqID     uint32
	SPI       BE32
	Family    uint16
	_         [2]byte
	RemoteIP6 IPv6Addr
}

// RemoteIP4 is the other end's address over IPv4.
func (x *XfrmState) RemoteIP4() IPv4Addr { return IPv4Addr{x.RemoteIP6.raw[0]} }

// A FIBLookup is a question about the way of a packet and its answer: bpf_fib_lookup. Linux 4.18.
type FIBLookup struct {
	Family     uint8  // AFInet or AFInet6
	L4Protocol uint8  // ProtoTCP …: rules may look at it and at the ports; 0: they do not
	SrcPort    BE16   // with L4Protocol
	DstPort    BE16   // with L4Protocol
	TotLen     uint16 // asks whether a packet of this many bytes fits, 0: does not; answer: the MTU
	Ifindex    uint32 // interface that the packet came in on; answer: the one that it leaves by
	flowInfo   uint32
	SrcIP6     IPv6Addr
	DstIP6     IPv6Addr // answer: the next hop
	vlanProto  BE16
	vlanTCI    BE16
	SrcMAC     MAC // answer; the lower half is the mark of the question with FIBLookupMark
	DstMAC     MAC // answer
}

// SetTOS sets IPv4's type of service.
func (f *FIBLookup) SetTOS(tos uint8) { *(*uint8)(unsafe.Pointer(&f.flowInfo)) = tos }

// SetFlowInfo sets IPv6's flow label and priority, the header's first four bytes without the version.
func (f *FIBLookup) SetFlowInfo(info BE32) { f.flowInfo = info.raw }

// Metric is the metric of the route that was found.
func (f *FIBLookup) Metric() uint32 { return f.flowInfo }

// SrcIP4 is the source address over IPv4; the answer's with FIBLookupSrc.
func (f *FIBLookup) SrcIP4() IPv4Addr { return IPv4Addr{f.SrcIP6.raw[0]} }

// SetSrcIP4 sets the source address over IPv4.
func (f *FIBLookup) SetSrcIP4(addr IPv4Addr) { f.SrcIP6.raw[0] = addr.raw }

// DstIP4 is the destination over IPv4, in the answer the next hop.
func (f *FIBLookup) DstIP4() IPv4Addr { return IPv4Addr{f.DstIP6.raw[0]} }

// SetDstIP4 sets the destination over IPv4.
func (f *FIBLookup) SetDstIP4(addr IPv4Addr) { f.DstIP6.raw[0] = addr.raw }

// SetTable chooses the routing table, with FIBLookupDirect and FIBLookupTbid. Linux 6.5.
func (f *FIBLookup) SetTable(id uint32) { *(*uint32)(unsafe.Pointer(&f.vlanProto)) = id }

// SetMark sets the mark that policy routing goes by, with FIBLookupMark. Linux 6.10.
func (f *FIBLookup) SetMark(mark uint32) { *(*uint32)(unsafe.Pointer(&f.SrcMAC)) = mark }

// A RedirNeigh is the next hop for RedirectNeigh: bpf_redir_neigh. Linux 5.10.
type RedirNeigh struct {
	Family uint32 // AFInet or AFInet6
	IP6    IPv6Addr
}

// SetIP4 sets the next hop's address over IPv4.
func (n *RedirNeigh) SetIP4(addr IPv4Addr) { n.IP6.raw[0] = addr.raw }

// Address families.
const (
	AFUnix  = 1
	AFInet  = 2
	AFInet6 = 10
)

// A PerfEventValue is the reading of a performance counter: bpf_perf_event_value. Where Running
// is less than Enabled the counter had to share the hardware: scale Counter. Linux 4.15.
type PerfEventValue struct {
	Counter uint64
	Enabled uint64 // nanoseconds
	Running uint64 // nanoseconds
}

// A PidnsInfo is a thread as a pid namespace numbers it: bpf_pidns_info. Linux 5.7.
type PidnsInfo struct {
	TID uint32 // the kernel's pid
	PID uint32 // the kernel's tgid
}

// A BTFPtr is something in the kernel's memory and its type, for SnprintfBtf: btf_ptr. Linux 5.10.
type BTFPtr struct {
	Ptr    uint64 // address
	TypeID uint32 // from BtfFindByNameKind, or set by user space
	Flags  uint32 // 0
}

// A Timer in a map's value is one of the kernel's timers: bpf_timer. User space sees zeros in its
// place. Linux 5.15.
type Timer struct{ opaque [2]uint64 }

// A Dynptr is memory of a size that the verifier does not know: bpf_dynptr. It lives on the
// program's stack and is used through helpers only. Linux 5.19.
type Dynptr struct{ opaque [2]uint64 }

// A SockOps is the context of sockops programs, which the kernel calls when something happens to
// a TCP connection of a cgroup: bpf_sock_ops. The fields from SndCwnd on are zero where
// IsFullsock is. Linux 4.13.
type SockOps struct {
	Op            SockOpsOp
	Args          [4]uint32 // what they are depends on Op; the first is the reply as well
	Family        uint32
	RemoteIP4     IPv4Addr
	LocalIP4      IPv4Addr
	RemoteIP6     IPv6Addr
	LocalIP6      IPv6Addr
	remotePort    uint32
	LocalPort     uint32
	IsFullsock    uint32
	SndCwnd       uint32
	SRTTUs        uint32 // eighths of a microsecond
	CBFlags       uint32 // SockOpsCbFlagsSet changes them
	State         TCPState
	RTTMin        uint32
	SndSsthresh   uint32
	RcvNxt        uint32
	SndNxt        uint32
	SndUna        uint32
	MSSCache      uint32
	ECNFlags      uint32
	RateDelivered uint32
	RateInterval  uint32 // microseconds
	PacketsOut    uint32
	RetransOut    uint32
	TotalRetrans  uint32
	SegsIn        uint32
	DataSegsIn    uint32
	SegsOut       uint32
	DataSegsOut   uint32
	LostOut       uint32
	SackedOut     uint32
	TxHash        uint32
	BytesReceived uint64
	BytesAcked    uint64
	Sk            *Sock          // nil where there is none
	skbData       unsafe.Pointer // the TCP header
	skbDataEnd    unsafe.Pointer
	SKBLen        uint32
	SKBTCPFlags   uint32
	SKBHWTstamp   uint64
}

// SetReply sets what the program answers, to an Op that asks.
func (ctx *SockOps) SetReply(v uint32) { ctx.Args[0] = v }

// RemotePort is the other end's port. The kernel has it in network byte order, in the upper half.
func (ctx *SockOps) RemotePort() uint16 { return uint16(BE32{ctx.remotePort}.Uint32()) }

// An SKMsg is the context of sk_msg programs: data that a process sends through a socket of a
// SockMap or SockHash. The kernel calls it sk_msg_md. Linux 4.17.
type SKMsg struct {
	data       unsafe.Pointer
	dataEnd    unsafe.Pointer
	Family     uint32
	RemoteIP4  IPv4Addr
	LocalIP4   IPv4Addr
	RemoteIP6  IPv6Addr
	LocalIP6   IPv6Addr
	remotePort uint32
	LocalPort  uint32
	Size       uint32 // bytes
	Sk         *Sock
}

// RemotePort is the other end's port.
func (ctx *SKMsg) RemotePort() uint16 { return uint16(BE32{ctx.remotePort}.Uint32()) }

// An SKReuseport is the context of sk_reuseport programs, which choose the socket of a group with
// SO_REUSEPORT that gets a packet. The kernel calls it sk_reuseport_md. Linux 4.19.
type SKReuseport struct {
	data        unsafe.Pointer // from the TCP or UDP header on
	dataEnd     unsafe.Pointer
	Len         uint32
	ethProtocol uint32
	IPProtocol  uint32
	BindInany   uint32 // 1: bound to any address
	Hash        uint32 // of addresses and ports
	Sk          *Sock
	MigratingSk *Sock // nil unless a connection moves from a closed socket to another one
}

// EthProtocol is the protocol inside the link layer's header, such as EtherTypeIPv4.
func (ctx *SKReuseport) EthProtocol() uint16 { return BE16{uint16(ctx.ethProtocol)}.Uint16() }

// An SKLookup is the context of sk_lookup programs, which choose the socket that gets a new
// connection or packet: bpf_sk_lookup. Linux 5.9.
type SKLookup struct {
	Sk             *Sock // chosen with SkAssign
	Family         uint32
	Protocol       uint32
	RemoteIP4      IPv4Addr
	RemoteIP6      IPv6Addr
	RemotePort     BE16
	_              [2]byte
	LocalIP4       IPv4Addr
	LocalIP6       IPv6Addr
	LocalPort      uint32
	IngressIfindex uint32 // Linux 5.17
}

// A Sysctl is the context of cgroup/sysctl programs: bpf_sysctl. Linux 5.2.
type Sysctl struct {
	Write   uint32 // 1: written, 0: read
	FilePos uint32 // can be changed
}

// A PerfEventData is the context of perf_event programs: bpf_perf_event_data. Its registers differ
// from machine to machine, so that it has no fields here; PerfProgReadValue and ReadBranchRecords
// take it. Linux 4.9.
type PerfEventData struct{ _ [0]byte }

// Things of the kernel's. A pointer to one comes from the kernel and goes to helpers; to read
// fields see KernelStruct.
type (
	TaskStruct      struct{ _ [0]byte } // a thread: task_struct
	Cgroup          struct{ _ [0]byte } // a control group: cgroup
	Inode           struct{ _ [0]byte } // inode
	File            struct{ _ [0]byte } // an open file: file
	Path            struct{ _ [0]byte } // a place in the tree of files: path
	Socket          struct{ _ [0]byte } // a socket as files see it: socket
	LinuxBinprm     struct{ _ [0]byte } // a program that is being started: linux_binprm
	SeqFile         struct{ _ [0]byte } // what an iterator's output goes to: seq_file
	VMAreaStruct    struct{ _ [0]byte } // a mapping of a process: vm_area_struct
	PtRegs          struct{ _ [0]byte } // a thread's registers: pt_regs
	KernelTCPSock   struct{ _ [0]byte } // tcp_sock; TCPSock is bpf_tcp_sock
	TCP6Sock        struct{ _ [0]byte } // tcp6_sock
	TCPTimewaitSock struct{ _ [0]byte } // tcp_timewait_sock
	TCPRequestSock  struct{ _ [0]byte } // tcp_request_sock
	UDP6Sock        struct{ _ [0]byte } // udp6_sock
	UnixSock        struct{ _ [0]byte } // unix_sock
	MPTCPSock       struct{ _ [0]byte } // mptcp_sock
)
