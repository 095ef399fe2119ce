package main

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// Change tracking of one disk, from where it came into effect or was reset to the next reset.
type tracking struct {
	epoch string
	// Sequence number of the last instant; `instants` has them all.
	last     int
	instants map[int]digest
	of       map[types.ManagedObjectReference]int
	// How it answers when its file is damaged: `fault` or `gap`; empty when it is not.
	damage string
}

func startTracking(current digest) *tracking {
	return &tracking{newEpoch(), 0, map[int]digest{0: current}, map[types.ManagedObjectReference]int{}, ""}
}

// A UUID as vSphere writes it: bytes in hexadecimal with spaces and one dash.
func newEpoch() string {
	bytes := make([]byte, 16)
	_, _ = rand.Read(bytes)
	return fmt.Sprintf("% x-% x", bytes[:8], bytes[8:])
}

// Keeps the instant of a snapshot.
func (t *tracking) keep(snapshot types.ManagedObjectReference, now digest) {
	t.last++
	t.instants[t.last] = now
	t.of[snapshot] = t.last
}

func (t *tracking) changeID(sequence int) string { return fmt.Sprintf("%s/%d", t.epoch, sequence) }

// The change id of a snapshot's disk; empty where it was taken without tracking.
func (t *tracking) changeIDOf(snapshot types.ManagedObjectReference) string {
	if t == nil {
		return ""
	}
	sequence, ok := t.of[snapshot]
	if !ok {
		return ""
	}
	return t.changeID(sequence)
}

// The change id of the running disk.
func (t *tracking) currentChangeID() string {
	if t == nil {
		return ""
	}
	return t.changeID(t.last)
}

// Where a caller wants changes from. The instant of `*` is the empty one. Not ok is an id of another epoch or of none.
func (t *tracking) since(changeID string) (from digest, ok bool) {
	if changeID == "*" {
		return digest{}, true
	}
	epoch, number, _ := strings.Cut(changeID, "/")
	sequence, err := strconv.Atoi(number)
	if err != nil || epoch != t.epoch {
		return digest{}, false
	}
	from, ok = t.instants[sequence]
	return from, ok
}
