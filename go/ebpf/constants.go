package ebpf

// The kernel's flags and numbers for helpers: its names in Go case, without BPF_.

// Flags of MapUpdateElem and MapPushElem.
const (
	Any     = 0 // BPF_ANY: insert or replace
	NoExist = 1 // BPF_NOEXIST: only insert
	Exist   = 2 // BPF_EXIST: only replace; with MapPushElem: make room for it
	FLock   = 4 // BPF_F_LOCK: under the SpinLock in the value
)

// Flags of SkbStoreBytes.
const (
	FRecomputeCsum  = 1 << 0 // BPF_F_RECOMPUTE_CSUM
	FInvalidateHash = 1 << 1 // BPF_F_INVALIDATE_HASH
)

// Flags of L3CsumReplace and L4CsumReplace; the size of the field that changed goes with them.
const (
	FHdrFieldMask = 0xf    // BPF_F_HDR_FIELD_MASK
	FPseudoHdr    = 1 << 4 // BPF_F_PSEUDO_HDR: the field is part of the pseudo header
	FMarkMangled0 = 1 << 5 // BPF_F_MARK_MANGLED_0: leave a checksum of 0 alone, as UDP has it
	FMarkEnforce  = 1 << 6 // BPF_F_MARK_ENFORCE: write no 0, which means none
	FIPv6         = 1 << 7 // BPF_F_IPV6: Linux 6.16
)

// Flags of SkbGetTunnelKey and SkbSetTunnelKey.
const (
	FTuninfoIPv6  = 1 << 0 // BPF_F_TUNINFO_IPV6
	FZeroCsumTx   = 1 << 1 // BPF_F_ZERO_CSUM_TX: set only
	FDontFragment = 1 << 2 // BPF_F_DONT_FRAGMENT: set only
	FSeqNumber    = 1 << 3 // BPF_F_SEQ_NUMBER: set only
	FNoTunnelKey  = 1 << 4 // BPF_F_NO_TUNNEL_KEY: set only; Linux 6.3
	FTuninfoFlags = 1 << 4 // BPF_F_TUNINFO_FLAGS: get only; Linux 6.1
)

// Flags of GetStackid, GetStack and GetTaskStack.
const (
	FSkipFieldMask = 0xff    // BPF_F_SKIP_FIELD_MASK: frames to skip
	FUserStack     = 1 << 8  // BPF_F_USER_STACK: the process's stack, not the kernel's
	FFastStackCmp  = 1 << 9  // BPF_F_FAST_STACK_CMP: GetStackid: compare hashes only
	FReuseStackid  = 1 << 10 // BPF_F_REUSE_STACKID: GetStackid: a new stack replaces one with the same hash
	FUserBuildID   = 1 << 11 // BPF_F_USER_BUILD_ID: GetStack: build id and offset for each frame
)

// Flags of PerfEventOutput, PerfEventRead and their kin.
const (
	FIndexMask  = 0xffffffff    // BPF_F_INDEX_MASK: which CPU
	FCurrentCPU = 0xffffffff    // BPF_F_CURRENT_CPU
	FCtxlenMask = 0xfffff << 32 // BPF_F_CTXLEN_MASK: bytes of the packet to add, in the upper half
)

// Network namespace of the socket lookups.
const (
	FCurrentNetns = 1<<64 - 1 // BPF_F_CURRENT_NETNS: that of the context
)

// Levels of CsumLevel.
const (
	CsumLevelQuery = 0 // BPF_CSUM_LEVEL_QUERY
	CsumLevelInc   = 1 // BPF_CSUM_LEVEL_INC
	CsumLevelDec   = 2 // BPF_CSUM_LEVEL_DEC
	CsumLevelReset = 3 // BPF_CSUM_LEVEL_RESET
)

// Modes of SkbAdjustRoom: where the room is made.
const (
	AdjRoomNet = 0 // BPF_ADJ_ROOM_NET: before the network header
	AdjRoomMAC = 1 // BPF_ADJ_ROOM_MAC: after the link layer's header
)

// Flags of SkbAdjustRoom.
const (
	FAdjRoomFixedGSO    = 1 << 0 // BPF_F_ADJ_ROOM_FIXED_GSO
	FAdjRoomEncapL3IPv4 = 1 << 1 // BPF_F_ADJ_ROOM_ENCAP_L3_IPV4
	FAdjRoomEncapL3IPv6 = 1 << 2 // BPF_F_ADJ_ROOM_ENCAP_L3_IPV6
	FAdjRoomEncapL4GRE  = 1 << 3 // BPF_F_ADJ_ROOM_ENCAP_L4_GRE
	FAdjRoomEncapL4UDP  = 1 << 4 // BPF_F_ADJ_ROOM_ENCAP_L4_UDP
	FAdjRoomNoCsumReset = 1 << 5 // BPF_F_ADJ_ROOM_NO_CSUM_RESET
	FAdjRoomEncapL2Eth  = 1 << 6 // BPF_F_ADJ_ROOM_ENCAP_L2_ETH
	FAdjRoomDecapL3IPv4 = 1 << 7 // BPF_F_ADJ_ROOM_DECAP_L3_IPV4
	FAdjRoomDecapL3IPv6 = 1 << 8 // BPF_F_ADJ_ROOM_DECAP_L3_IPV6
	AdjRoomEncapL2Mask  = 0xff   // BPF_ADJ_ROOM_ENCAP_L2_MASK
	AdjRoomEncapL2Shift = 56     // BPF_ADJ_ROOM_ENCAP_L2_SHIFT: length of the new link layer header << this
)

// Flags of SysctlGetName.
const (
	FSysctlBaseName = 1 << 0 // BPF_F_SYSCTL_BASE_NAME: the last part of the name
)

// Flags of SkStorageGet, InodeStorageGet, TaskStorageGet and CgrpStorageGet.
const (
	LocalStorageGetFCreate = 1 << 0 // BPF_LOCAL_STORAGE_GET_F_CREATE: make one where there is none
)

// Flags of ReadBranchRecords.
const (
	FGetBranchRecordsSize = 1 << 0 // BPF_F_GET_BRANCH_RECORDS_SIZE: only tell how many bytes there are
)

// Flags of RingbufOutput, RingbufSubmit and RingbufDiscard.
const (
	RBNoWakeup    = 1 << 0 // BPF_RB_NO_WAKEUP
	RBForceWakeup = 1 << 1 // BPF_RB_FORCE_WAKEUP
)

// What RingbufQuery asks for.
const (
	RBAvailData    = 0 // BPF_RB_AVAIL_DATA: bytes that nobody has read
	RBRingSize     = 1 // BPF_RB_RING_SIZE: bytes in all
	RBConsPos      = 2 // BPF_RB_CONS_POS
	RBProdPos      = 3 // BPF_RB_PROD_POS
	RBOverwritePos = 4 // BPF_RB_OVERWRITE_POS
)

// Flags of SkAssign in sk_lookup programs.
const (
	SKLookupFReplace     = 1 << 0 // BPF_SK_LOOKUP_F_REPLACE: what another program chose
	SKLookupFNoReuseport = 1 << 1 // BPF_SK_LOOKUP_F_NO_REUSEPORT
)

// Headers that SkbLoadBytesRelative counts from.
const (
	HdrStartMAC = 0 // BPF_HDR_START_MAC
	HdrStartNet = 1 // BPF_HDR_START_NET
)

// Kinds of LwtPushEncap.
const (
	LwtEncapSeg6       = 0 // BPF_LWT_ENCAP_SEG6
	LwtEncapSeg6Inline = 1 // BPF_LWT_ENCAP_SEG6_INLINE
	LwtEncapIP         = 2 // BPF_LWT_ENCAP_IP
)

// Flags of BprmOptsSet.
const (
	FBprmSecureexec = 1 << 0 // BPF_F_BPRM_SECUREEXEC
)

// Flags of Redirect, RedirectMap, CloneRedirect and of the redirects of socket data.
const (
	FIngress        = 1 << 0 // BPF_F_INGRESS: to where the interface or socket receives
	FBroadcast      = 1 << 3 // BPF_F_BROADCAST: XDP: to all interfaces of the map
	FExcludeIngress = 1 << 4 // BPF_F_EXCLUDE_INGRESS: XDP: but for the one that it came from
)

// Kinds of time that SkbSetTstamp sets.
const (
	SKBClockRealtime  = 0 // BPF_SKB_CLOCK_REALTIME
	SKBClockMonotonic = 1 // BPF_SKB_CLOCK_MONOTONIC
	SKBClockTAI       = 2 // BPF_SKB_CLOCK_TAI
)

// Flags of TimerStart.
const (
	FTimerAbs    = 1 << 0 // BPF_F_TIMER_ABS: at a time of the timer's clock; Linux 6.4
	FTimerCPUPin = 1 << 1 // BPF_F_TIMER_CPU_PIN: on this CPU; Linux 6.7
)

// Flags of SnprintfBtf and SeqPrintfBtf.
const (
	BTFFCompact = 1 << 0 // BTF_F_COMPACT: without line breaks
	BTFFNoname  = 1 << 1 // BTF_F_NONAME: without names of fields and types
	BTFFPtrRaw  = 1 << 2 // BTF_F_PTR_RAW: addresses as they are
	BTFFZero    = 1 << 3 // BTF_F_ZERO: with fields that are zero
)

// Flags of LoadHdrOpt.
const (
	LoadHdrOptTCPSyn = 1 << 0 // BPF_LOAD_HDR_OPT_TCP_SYN: look in the SYN packet
)

// Flags of FibLookup.
const (
	FIBLookupDirect    = 1 << 0 // BPF_FIB_LOOKUP_DIRECT: one table, no rules
	FIBLookupOutput    = 1 << 1 // BPF_FIB_LOOKUP_OUTPUT: as for a packet that this machine sends
	FIBLookupSkipNeigh = 1 << 2 // BPF_FIB_LOOKUP_SKIP_NEIGH: leave the MAC addresses out; Linux 6.3
	FIBLookupTbid      = 1 << 3 // BPF_FIB_LOOKUP_TBID: SetTable says which table; Linux 6.5
	FIBLookupSrc       = 1 << 4 // BPF_FIB_LOOKUP_SRC: answer the source address
	FIBLookupMark      = 1 << 5 // BPF_FIB_LOOKUP_MARK: SetMark says the mark; Linux 6.10
)

// What FibLookup answers.
const (
	FIBLkupRetSuccess     = 0 // BPF_FIB_LKUP_RET_SUCCESS
	FIBLkupRetBlackhole   = 1 // BPF_FIB_LKUP_RET_BLACKHOLE
	FIBLkupRetUnreachable = 2 // BPF_FIB_LKUP_RET_UNREACHABLE
	FIBLkupRetProhibit    = 3 // BPF_FIB_LKUP_RET_PROHIBIT
	FIBLkupRetNotFwded    = 4 // BPF_FIB_LKUP_RET_NOT_FWDED: for this machine, or no route
	FIBLkupRetFwdDisabled = 5 // BPF_FIB_LKUP_RET_FWD_DISABLED
	FIBLkupRetUnsuppLwt   = 6 // BPF_FIB_LKUP_RET_UNSUPP_LWT: the route encapsulates
	FIBLkupRetNoNeigh     = 7 // BPF_FIB_LKUP_RET_NO_NEIGH: no MAC address known
	FIBLkupRetFragNeeded  = 8 // BPF_FIB_LKUP_RET_FRAG_NEEDED
	FIBLkupRetNoSrcAddr   = 9 // BPF_FIB_LKUP_RET_NO_SRC_ADDR
)

// Flags of CheckMtu, and what it answers.
const (
	MTUChkSegs          = 1 << 0 // BPF_MTU_CHK_SEGS: look at the segments of a GSO packet
	MTUChkRetSuccess    = 0      // BPF_MTU_CHK_RET_SUCCESS
	MTUChkRetFragNeeded = 1      // BPF_MTU_CHK_RET_FRAG_NEEDED
	MTUChkRetSegsTooBig = 2      // BPF_MTU_CHK_RET_SEGS_TOOBIG
)

// Flags of SockOpsCbFlagsSet: what else the program is called for.
const (
	SockOpsRTOCbFlag                = 1 << 0 // BPF_SOCK_OPS_RTO_CB_FLAG
	SockOpsRetransCbFlag            = 1 << 1 // BPF_SOCK_OPS_RETRANS_CB_FLAG
	SockOpsStateCbFlag              = 1 << 2 // BPF_SOCK_OPS_STATE_CB_FLAG
	SockOpsRTTCbFlag                = 1 << 3 // BPF_SOCK_OPS_RTT_CB_FLAG
	SockOpsParseAllHdrOptCbFlag     = 1 << 4 // BPF_SOCK_OPS_PARSE_ALL_HDR_OPT_CB_FLAG
	SockOpsParseUnknownHdrOptCbFlag = 1 << 5 // BPF_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG
	SockOpsWriteHdrOptCbFlag        = 1 << 6 // BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG
	SockOpsAllCbFlags               = 0x7f   // BPF_SOCK_OPS_ALL_CB_FLAGS
)

// What Args[0] says of SockOpsHdrOptLenCb and SockOpsWriteHdrOptCb.
const (
	WriteHdrTCPCurrentMSS   = 1 // BPF_WRITE_HDR_TCP_CURRENT_MSS
	WriteHdrTCPSynackCookie = 2 // BPF_WRITE_HDR_TCP_SYNACK_COOKIE
)

// Options of Setsockopt and Getsockopt at level SOL_TCP that only BPF has.
const (
	TCPBPFIW             = 1001 // TCP_BPF_IW: initial congestion window
	TCPBPFSndcwndClamp   = 1002 // TCP_BPF_SNDCWND_CLAMP: greatest congestion window
	TCPBPFDelackMax      = 1003 // TCP_BPF_DELACK_MAX: microseconds
	TCPBPFRTOMin         = 1004 // TCP_BPF_RTO_MIN: microseconds
	TCPBPFSyn            = 1005 // TCP_BPF_SYN: the SYN packet from the TCP header on
	TCPBPFSynIP          = 1006 // TCP_BPF_SYN_IP: from the IP header on
	TCPBPFSynMAC         = 1007 // TCP_BPF_SYN_MAC: from the link layer's header on
	TCPBPFSockOpsCbFlags = 1008 // TCP_BPF_SOCK_OPS_CB_FLAGS
)

// What a program on socket data or for choosing a socket returns.
const (
	SKDrop = 0 // SK_DROP
	SKPass = 1 // SK_PASS
)

// A TCPState is a state of a TCP connection.
type TCPState uint32

// The values of a TCPState.
const (
	TCPEstablished   TCPState = 1  // BPF_TCP_ESTABLISHED
	TCPSynSent       TCPState = 2  // BPF_TCP_SYN_SENT
	TCPSynRecv       TCPState = 3  // BPF_TCP_SYN_RECV
	TCPFinWait1      TCPState = 4  // BPF_TCP_FIN_WAIT1
	TCPFinWait2      TCPState = 5  // BPF_TCP_FIN_WAIT2
	TCPTimeWait      TCPState = 6  // BPF_TCP_TIME_WAIT
	TCPClose         TCPState = 7  // BPF_TCP_CLOSE
	TCPCloseWait     TCPState = 8  // BPF_TCP_CLOSE_WAIT
	TCPLastAck       TCPState = 9  // BPF_TCP_LAST_ACK
	TCPListen        TCPState = 10 // BPF_TCP_LISTEN
	TCPClosing       TCPState = 11 // BPF_TCP_CLOSING
	TCPNewSynRecv    TCPState = 12 // BPF_TCP_NEW_SYN_RECV
	TCPBoundInactive TCPState = 13 // BPF_TCP_BOUND_INACTIVE
)

// A SockOpsOp is what happened to a connection, or what the kernel asks.
type SockOpsOp uint32

// The values of a SockOpsOp.
const (
	SockOpsVoid                 SockOpsOp = 0  // BPF_SOCK_OPS_VOID
	SockOpsTimeoutInit          SockOpsOp = 1  // BPF_SOCK_OPS_TIMEOUT_INIT: asks for the timeout of a SYN; -1: the default
	SockOpsRwndInit             SockOpsOp = 2  // BPF_SOCK_OPS_RWND_INIT: asks for the first receive window in packets; -1: the default
	SockOpsTCPConnectCb         SockOpsOp = 3  // BPF_SOCK_OPS_TCP_CONNECT_CB: a connection is about to be opened
	SockOpsActiveEstablishedCb  SockOpsOp = 4  // BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB: one that this end opened stands
	SockOpsPassiveEstablishedCb SockOpsOp = 5  // BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB: one that the other end opened stands
	SockOpsNeedsECN             SockOpsOp = 6  // BPF_SOCK_OPS_NEEDS_ECN: asks whether congestion control needs ECN
	SockOpsBaseRTT              SockOpsOp = 7  // BPF_SOCK_OPS_BASE_RTT: asks for the round trip time without congestion
	SockOpsRTOCb                SockOpsOp = 8  // BPF_SOCK_OPS_RTO_CB: a retransmission timer ran out
	SockOpsRetransCb            SockOpsOp = 9  // BPF_SOCK_OPS_RETRANS_CB: a packet is sent again
	SockOpsStateCb              SockOpsOp = 10 // BPF_SOCK_OPS_STATE_CB: Args: the old and the new TCPState
	SockOpsTCPListenCb          SockOpsOp = 11 // BPF_SOCK_OPS_TCP_LISTEN_CB: listen was called
	SockOpsRTTCb                SockOpsOp = 12 // BPF_SOCK_OPS_RTT_CB: a round trip was measured
	SockOpsParseHdrOptCb        SockOpsOp = 13 // BPF_SOCK_OPS_PARSE_HDR_OPT_CB: a packet with options has come
	SockOpsHdrOptLenCb          SockOpsOp = 14 // BPF_SOCK_OPS_HDR_OPT_LEN_CB: ReserveHdrOpt may be called
	SockOpsWriteHdrOptCb        SockOpsOp = 15 // BPF_SOCK_OPS_WRITE_HDR_OPT_CB: StoreHdrOpt may be called
)
