"""One thread that brings the recordings of a process to the disk, so that a power cut loses at most a second."""

import os
import threading
from collections.abc import Callable

INTERVAL = 1.0  # seconds; a sync costs 0.1 ms to 5 ms, and one for each line would cost half the throughput

OnFault = Callable[[OSError], None]


class Syncer:
    """Calls fdatasync on every watched file once an interval; its thread lives while there is something to watch."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._lock = threading.Lock()
        self._watched: dict[int, OnFault] = {}
        self._thread: threading.Thread | None = None

    def watch(self, descriptor: int, on_fault: OnFault) -> None:
        """Syncs the file from now on; ``on_fault`` is called on the syncing thread."""
        with self._lock:
            self._watched[descriptor] = on_fault
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="jumphost-sync", daemon=True)
                self._thread.start()

    def forget(self, descriptor: int) -> None:
        """Syncs the file no more: called before it is closed."""
        with self._lock:
            self._watched.pop(descriptor, None)

    def sync(self) -> None:
        """Syncs every watched file now."""
        with self._lock:
            watched = dict(self._watched)
        for descriptor, on_fault in watched.items():
            try:
                os.fdatasync(descriptor)
            except OSError as error:
                if self._watched.get(descriptor) is on_fault:  # else it was closed meanwhile
                    on_fault(error)

    def _run(self) -> None:
        idle = threading.Event()
        while True:
            idle.wait(self._interval)
            with self._lock:
                if not self._watched:
                    self._thread = None
                    return
            self.sync()


SHARED = Syncer()  # of this process
