package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"maps"
	"os"
	"slices"
)

// Geometry of SESparse 2.1, the only one that ESXi writes.
const (
	sectorBytes        = 512
	seGrainBytes       = 4 << 10
	seTableSectors     = 64
	seEntriesPerTable  = seTableSectors * sectorBytes / 8
	seTable            = 1 << 60
	seZeroGrain        = 2 << 60
	seGrain            = 3 << 60
	seDirectorySectors = 2
)

type seEntry struct {
	grain int64
	data  []byte // nil reads as zeros
}

// Writes the extent of a delta: the grains in which `image` is not as its parent.
func writeSesparse(target, image, parent string) error {
	grains, size, err := differentGrains(image, parent)
	if err != nil {
		return err
	}
	return os.WriteFile(target, sesparse(size, grains), 0o600)
}

// The extent of a delta without grains.
func writeEmptySesparse(target string, size int64) error {
	return os.WriteFile(target, sesparse(size, nil), 0o600)
}

func differentGrains(image, parent string) ([]seEntry, int64, error) {
	mine, err := os.Open(image)
	if err != nil {
		return nil, 0, err
	}
	defer mine.Close()
	theirs, err := os.Open(parent)
	if err != nil {
		return nil, 0, err
	}
	defer theirs.Close()
	status, err := mine.Stat()
	if err != nil {
		return nil, 0, err
	}
	blocks, err := blocksWithData(seGrainBytes, mine, theirs)
	if err != nil {
		return nil, 0, err
	}
	var grains []seEntry
	for _, block := range slices.Sorted(maps.Keys(blocks)) {
		now, before := make([]byte, seGrainBytes), make([]byte, seGrainBytes)
		for file, buffer := range map[*os.File][]byte{mine: now, theirs: before} {
			if _, err := file.ReadAt(buffer, block*seGrainBytes); err != nil && err != io.EOF {
				return nil, 0, err
			}
		}
		switch {
		case bytes.Equal(now, before):
		case isZero(now):
			grains = append(grains, seEntry{block, nil})
		default:
			grains = append(grains, seEntry{block, now})
		}
	}
	return grains, status.Size(), nil
}

// Both headers, the directory, a table for each 16 MiB that has grains, the grains.
func sesparse(size int64, grains []seEntry) []byte {
	const volatileHeader, directory = 1, seDirectorySectors
	tables := map[int64]int64{}
	for _, entry := range grains {
		if at := entry.grain / seEntriesPerTable; !has(tables, at) {
			tables[at] = int64(len(tables))
		}
	}
	directoryEntries := (size + seEntriesPerTable*seGrainBytes - 1) / (seEntriesPerTable * seGrainBytes)
	directorySectors := max(1, (directoryEntries*8+sectorBytes-1)/sectorBytes)
	firstTable := directory + directorySectors
	tableSectors := int64(len(tables)) * seTableSectors
	// grains begin where a grain may begin
	firstGrain := (firstTable + tableSectors + 7) / 8 * 8
	out := make([]byte, firstGrain*sectorBytes)
	put := func(at, value int64) { binary.LittleEndian.PutUint64(out[at:], uint64(value)) }
	put(0, 0xcafebabe)
	put(8, 0x2_0000_0001)
	put(16, size/sectorBytes)
	put(24, seGrainBytes/sectorBytes)
	put(32, seTableSectors)
	put(volatileHeader*sectorBytes, 0xcafecafe)
	for at, table := range tables {
		put(directory*sectorBytes+at*8, seTable|table)
	}
	stored := int64(0)
	for _, entry := range grains {
		at := (firstTable+tables[entry.grain/seEntriesPerTable]*seTableSectors)*sectorBytes + entry.grain%seEntriesPerTable*8
		if entry.data == nil {
			put(at, seZeroGrain)
			continue
		}
		put(at, seGrain|stored%4096<<48|stored/4096)
		out = append(out, entry.data...)
		stored++
	}
	for at, area := range map[int64][2]int64{
		80:  {volatileHeader, 1},
		128: {directory, directorySectors},
		144: {firstTable, tableSectors},
		192: {firstGrain, stored * seGrainBytes / sectorBytes},
	} {
		put(at, area[0])
		put(at+8, area[1])
	}
	return out
}

func has[K comparable, V any](of map[K]V, key K) bool {
	_, ok := of[key]
	return ok
}
