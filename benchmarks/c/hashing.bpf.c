// benchmarks/language/hashing, as one writes it in C.
#include "bpf.h"

enum { WORDS = 16 };

__u32 shortHash, jenkins;
__u64 longHash;

static __always_inline __u32 rol32(__u32 v, int n)
{
	return v << n | v >> (32 - n);
}

static __always_inline __u64 rol64(__u64 v, int n)
{
	return v << n | v >> (64 - n);
}

static __always_inline __u32 murmur(const __u32 *data, __u32 seed)
{
	__u32 h = seed;

	for (int i = 0; i < WORDS; i++) {
		h ^= rol32(data[i] * 0xcc9e2d51, 15) * 0x1b873593;
		h = rol32(h, 13) * 5 + 0xe6546b64;
	}
	h ^= WORDS * 4;
	h ^= h >> 16;
	h *= 0x85ebca6b;
	h ^= h >> 13;
	h *= 0xc2b2ae35;
	return h ^ h >> 16;
}

struct sip {
	__u64 v0, v1, v2, v3;
};

static __always_inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rol64(s->v1, 13);
	s->v1 ^= s->v0;
	s->v0 = rol64(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rol64(s->v3, 16);
	s->v3 ^= s->v2;
	s->v0 += s->v3;
	s->v3 = rol64(s->v3, 21);
	s->v3 ^= s->v0;
	s->v2 += s->v1;
	s->v1 = rol64(s->v1, 17);
	s->v1 ^= s->v2;
	s->v2 = rol64(s->v2, 32);
}

static __always_inline __u64 siphash(const __u32 *data, __u64 k0, __u64 k1)
{
	struct sip s = {
		k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573,
	};
	__u64 last = (__u64)(WORDS * 4) << 56;

	for (int i = 0; i < WORDS; i += 2) {
		__u64 m = data[i] | (__u64)data[i + 1] << 32;

		s.v3 ^= m;
		sip_round(&s);
		s.v0 ^= m;
	}
	s.v3 ^= last;
	sip_round(&s);
	s.v0 ^= last;
	s.v2 ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

static __always_inline __u32 mix(__u32 a, __u32 b, __u32 c)
{
	c ^= b;
	c -= rol32(b, 14);
	a ^= c;
	a -= rol32(c, 11);
	b ^= a;
	b -= rol32(a, 25);
	c ^= b;
	c -= rol32(b, 16);
	a ^= c;
	a -= rol32(c, 4);
	b ^= a;
	b -= rol32(a, 14);
	c ^= b;
	c -= rol32(b, 24);
	return c;
}

SEC("xdp")
int hash(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	__u32 *data = (void *)(long)ctx->data + sizeof(struct ethhdr) + 2;

	if ((void *)(data + WORDS) > data_end)
		return XDP_DROP;
	shortHash = murmur(data, 0x9747b28c);
	longHash = siphash(data, 0x0706050403020100, 0x0f0e0d0c0b0a0908);
	jenkins = mix(data[0], data[1], data[2]);
	return XDP_PASS;
}
