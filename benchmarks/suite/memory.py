"""How much memory a process has held, without what its parent held before it began."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path


def peak(process: int | None = None) -> int | None:
    """Most bytes a process has held in memory since it began or :func:`forget`.

    Parameters
    ----------
    process : int, optional
        Its id; default: this one. Others can be asked about on Linux only.

    Returns
    -------
    int or None
        None where the system does not say.
    """
    if sys.platform == "linux":
        return _status("VmHWM", process)
    return _peak_elsewhere() if process is None else None


def now() -> int | None:
    """Bytes this process holds in memory; on other systems than Linux, the most it has held."""
    return _status("VmRSS", None) if sys.platform == "linux" else _peak_elsewhere()


def forget() -> None:
    """Let the peak begin anew at what is held now, where the system can do that."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _status(name: str, process: int | None) -> int | None:
    # not getrusage: its maximum begins with what the parent held when it started this process
    try:
        text = Path(f"/proc/{process or 'self'}/status").read_text(encoding="utf-8")
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return None


def _peak_elsewhere() -> int | None:
    if sys.platform == "win32":
        return _peak_windows()
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _peak_windows() -> int | None:
    if sys.platform != "win32":
        return None
    import ctypes
    from ctypes import wintypes

    class Counters(ctypes.Structure):
        _fields_ = (
            ("cb", wintypes.DWORD),
            ("faults", wintypes.DWORD),
            ("peak", ctypes.c_size_t),
            *((f"other{n}", ctypes.c_size_t) for n in range(7)),
        )

    counters = Counters()
    counters.cb = ctypes.sizeof(counters)
    kernel, api = ctypes.windll.kernel32, ctypes.windll.psapi
    kernel.GetCurrentProcess.restype = wintypes.HANDLE
    fine = api.GetProcessMemoryInfo(
        wintypes.HANDLE(kernel.GetCurrentProcess()), ctypes.byref(counters), counters.cb
    )
    return int(counters.peak) if fine else None


def limit(size: int) -> bool:
    """Refuse this process more than `size` bytes of its own data; False where that cannot be."""
    if sys.platform == "win32":
        return False
    import resource

    which = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    try:
        resource.setrlimit(which, (size, size))
    except (OSError, ValueError):
        return False
    return True
