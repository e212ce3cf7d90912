package ebpf

// An Errno is what an operation failed with; 0 means that it succeeded.
type Errno uint32

// The errors that maps and helpers give.
const (
	EPERM      Errno = 1
	ENOENT     Errno = 2
	E2BIG      Errno = 7
	EAGAIN     Errno = 11
	ENOMEM     Errno = 12
	EACCES     Errno = 13
	EFAULT     Errno = 14
	EBUSY      Errno = 16
	EEXIST     Errno = 17
	EINVAL     Errno = 22
	ENOSPC     Errno = 28
	ERANGE     Errno = 34
	EOPNOTSUPP Errno = 95
)

// errno makes an Errno of a helper's result: negative where it failed.
func errno(result int64) Errno {
	return Errno(-result)
}
