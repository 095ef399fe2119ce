package main

import "encoding/binary"

// Geometry of SESparse 2.1, the only one that ESXi writes.
const (
	seTableSectors     = 64
	seEntriesPerTable  = seTableSectors * sectorBytes / 8
	seTable            = 1 << 60
	seZeroGrain        = 2 << 60
	seGrain            = 3 << 60
	seDirectorySectors = 2
)

// Both headers, the directory, a table for each 16 MiB that has grains, the grains.
func sesparse(size int64, grains []deltaGrain) []byte {
	const volatileHeader, directory = 1, seDirectorySectors
	tables := map[int64]int64{}
	for _, entry := range grains {
		if at := entry.grain / seEntriesPerTable; !has(tables, at) {
			tables[at] = int64(len(tables))
		}
	}
	directoryEntries := (size + seEntriesPerTable*deltaGrainBytes - 1) / (seEntriesPerTable * deltaGrainBytes)
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
	put(24, deltaGrainBytes/sectorBytes)
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
		192: {firstGrain, stored * deltaGrainBytes / sectorBytes},
	} {
		put(at, area[0])
		put(at+8, area[1])
	}
	return out
}
