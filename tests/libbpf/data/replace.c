// A program with functions that another program takes the place of; weak, so that the compiler assumes nothing.
//
// replace.elf is made of this file by:
//   clang-19 -O2 -g -target bpf -mcpu=v3 -fdebug-compilation-dir=. -c replace.c -o replace.elf
//   llvm-strip-19 -g replace.elf
#define SEC(name) __attribute__((section(name), used))

struct __sk_buff {
	unsigned int len;
};

__attribute__((noinline, weak)) int answer(struct __sk_buff *skb)
{
	volatile int number = 1;

	return number;
}

__attribute__((noinline, weak)) int reply(struct __sk_buff *skb)
{
	volatile int number = 2;

	return number;
}

SEC("tc")
int asked(struct __sk_buff *skb)
{
	return answer(skb) * 100 + reply(skb);
}

SEC("?freplace/answer")
int other(struct __sk_buff *skb)
{
	return 42;
}

char gpl[] SEC("license") = "GPL";
