/* A library with USDT probes, as the macros of systemtap's sys/sdt.h would lay them out. */
#define WORDS(x) #x
#define PROBE(name, semaphore, arguments, ...)                                                        \
    __asm__ volatile("990: nop\n"                                                                     \
                     ".pushsection .note.stapsdt,\"\",\"note\"\n"                                     \
                     ".balign 4\n"                                                                    \
                     ".4byte 992f - 991f, 994f - 993f, 3\n"                                           \
                     "991: .asciz \"stapsdt\"\n"                                                      \
                     "992: .balign 4\n"                                                               \
                     "993: .8byte 990b, stapsdt_base, " WORDS(semaphore) "\n"                         \
                     ".asciz \"demo\", \"" name "\", \"" arguments "\"\n"                             \
                     "994: .balign 4\n"                                                               \
                     ".popsection\n" ::__VA_ARGS__)

__asm__(".pushsection .stapsdt.base,\"a\",\"progbits\"\n"
        ".hidden stapsdt_base\n"
        "stapsdt_base: .space 1\n"
        ".popsection\n");

__attribute__((section(".probes"), visibility("hidden"))) volatile unsigned short demo_work_semaphore;

int enabled(void) { return demo_work_semaphore; }

__attribute__((noinline)) void work(int number, long wide)
{
    PROBE("work", demo_work_semaphore, "-4@%[a] 8@%[b]", [a] "r"(number), [b] "r"(wide));
}

__attribute__((noinline)) void rest(void) { PROBE("rest", 0, ""); }
__attribute__((noinline)) void twice(void)
{
    PROBE("rest", 0, "");
    rest();
}

__attribute__((noinline)) int add_one(int number) { return number + 1; }
__attribute__((noinline)) int add_two(int number) { return number + 2; }
__attribute__((noinline)) int subtract(int number) { return number - 1; }
