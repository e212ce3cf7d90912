/*
 * Put before every C file. From glibc 2.38 on, headers turn strtoul() and its kin into functions
 * that older systems lack, for the sake of C23's binary literals, which nothing here reads. Without that
 * the wheel needs the same glibc wherever it is built.
 */
#include <features.h>
#ifdef __GLIBC_USE_C2X_STRTOL
#undef __GLIBC_USE_C2X_STRTOL
#define __GLIBC_USE_C2X_STRTOL 0
#endif
#ifdef __GLIBC_USE_C23_STRTOL
#undef __GLIBC_USE_C23_STRTOL
#define __GLIBC_USE_C23_STRTOL 0
#endif
