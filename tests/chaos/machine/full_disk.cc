// Preloaded into a process, makes its disk full while a file says so: whatever it writes into a
// folder fails for want of room, overwriting too, as where a file system copies on writing.
//
// The switch (SPECOM_FULL_DISK) holds one int64, mapped into memory: not 0 means full. The folder is
// SPECOM_FULL_DISK_FOLDER.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

const volatile int64_t* MappedSwitch() {
  static const int64_t never = 0;
  const char* path = getenv("SPECOM_FULL_DISK");
  const int fd = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return &never;
  void* mapped = mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  return mapped == MAP_FAILED ? &never : static_cast<const int64_t*>(mapped);
}

bool HasNoRoom(int fd) {
  static const volatile int64_t* const full = MappedSwitch();
  if (*full == 0) return false;
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  const char* folder = getenv("SPECOM_FULL_DISK_FOLDER");
  if (length < 0 || folder == nullptr) return false;
  path[length] = '\0';
  return strncmp(path, folder, strlen(folder)) == 0;
}

template <class Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t count) {
  static const auto real = Next<ssize_t (*)(int, const void*, size_t)>("write");
  if (HasNoRoom(fd)) return errno = ENOSPC, -1;
  return real(fd, bytes, count);
}

ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t offset) {
  static const auto real = Next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  if (HasNoRoom(fd)) return errno = ENOSPC, -1;
  return real(fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  return pwrite64(fd, bytes, count, offset);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
  static const auto real = Next<int (*)(int, int, off64_t, off64_t)>("fallocate64");
  if (HasNoRoom(fd)) return errno = ENOSPC, -1;
  return real(fd, mode, offset, length);
}

int fallocate(int fd, int mode, off_t offset, off_t length) {
  return fallocate64(fd, mode, offset, length);
}

}  // extern "C"
