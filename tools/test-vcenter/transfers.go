package main

import (
	"net/http"
	"sync"
	"time"
)

// What happens to transfers of files and leases, and how much was transferred.
type transfers struct {
	mu     sync.Mutex
	faults transferFaults
	count  transferCount
}

type transferFaults struct {
	// Requests from the next one on that are answered by 503.
	Unavailable int `json:"unavailable"`
	// Replies from the next one on whose connection breaks after so many bytes of the body.
	Drops          int   `json:"drops"`
	DropAfterBytes int64 `json:"dropAfterBytes"`
	// The speed of each reply; 0 is the speed of the machine.
	BytesPerSecond int64 `json:"bytesPerSecond"`
}

type transferCount struct {
	Requests int   `json:"requests"`
	Bytes    int64 `json:"bytes"`
}

func (t *transfers) isUnavailable() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.faults.Unavailable == 0 {
		return false
	}
	t.faults.Unavailable--
	return true
}

func (t *transfers) limit(w http.ResponseWriter) http.ResponseWriter {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count.Requests++
	limited := &limitedWriter{ResponseWriter: w, transfers: t, left: -1, bytesPerSecond: t.faults.BytesPerSecond}
	if t.faults.Drops > 0 {
		t.faults.Drops--
		limited.left = t.faults.DropAfterBytes
	}
	return limited
}

type limitedWriter struct {
	http.ResponseWriter
	transfers *transfers
	// Bytes until the connection breaks; negative for never.
	left           int64
	bytesPerSecond int64
}

func (w *limitedWriter) Write(bytes []byte) (int, error) {
	if w.left >= 0 && int64(len(bytes)) >= w.left {
		_, _ = w.ResponseWriter.Write(bytes[:w.left])
		w.Flush()
		w.transfers.add(w.left)
		// the server's way to break a connection
		panic(http.ErrAbortHandler)
	}
	written, err := w.ResponseWriter.Write(bytes)
	if w.left >= 0 {
		w.left -= int64(written)
	}
	w.transfers.add(int64(written))
	if w.bytesPerSecond > 0 {
		w.Flush()
		time.Sleep(time.Duration(written) * time.Second / time.Duration(w.bytesPerSecond))
	}
	return written, err
}

func (w *limitedWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

func (t *transfers) add(bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count.Bytes += bytes
}
