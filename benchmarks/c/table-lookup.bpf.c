// benchmarks/language/table-lookup, as one writes it in C.
#include "bpf.h"

enum { OTHER, SPACE, DIGIT, LETTER, CLASSES };
enum { BETWEEN, IN_NUMBER, IN_WORD, STATES = 4 };
enum { LENGTH = 64 };

static const __u8 kinds[256] = {
	[' '] = SPACE, ['\t'] = SPACE, ['\n'] = SPACE,
	['0' ... '9'] = DIGIT, ['a' ... 'z'] = LETTER, ['A' ... 'Z'] = LETTER,
};

static const __u8 next[STATES][CLASSES] = {
	[BETWEEN] = { BETWEEN, BETWEEN, IN_NUMBER, IN_WORD },
	[IN_NUMBER] = { BETWEEN, BETWEEN, IN_NUMBER, IN_WORD },
	[IN_WORD] = { BETWEEN, BETWEEN, IN_WORD, IN_WORD },
};

static const __u32 crc[16] = {
	0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
	0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

__u32 words, numbers, checksum;
__u64 sum;

SEC("xdp")
int scan(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	__u8 *text = (void *)(long)ctx->data + sizeof(struct ethhdr);

	if ((void *)(text + LENGTH) > data_end)
		return XDP_DROP;
	__u8 state = BETWEEN;
	__u64 number = 0;
	__u32 check = ~0u;

	words = numbers = sum = 0;
	for (int i = 0; i < LENGTH; i++) {
		__u8 c = text[i], to = next[state % STATES][kinds[c] % CLASSES];

		if (to == IN_NUMBER) {
			number = number * 10 + c - '0';
		} else if (state == IN_NUMBER) {
			numbers++;
			sum += number;
			number = 0;
		}
		if (to == IN_WORD && state != IN_WORD)
			words++;
		state = to;
		check ^= c;
		check = check >> 4 ^ crc[check % 16];
		check = check >> 4 ^ crc[check % 16];
	}
	checksum = ~check;
	return XDP_PASS;
}
