package main

import "encoding/binary"

// Entries of a grain table, of grains of one sector.
const cowdEntries = 4096

// Header of four sectors, directory, a table for each 2 MiB that has grains, sectors.
func cowd(size int64, grains []deltaGrain) []byte {
	const directory = 4
	tables := map[int64]int64{}
	for _, entry := range grains {
		if at := firstSector(entry) / cowdEntries; !has(tables, at) {
			tables[at] = int64(len(tables))
		}
	}
	directoryEntries := (size/sectorBytes + cowdEntries - 1) / cowdEntries
	firstTable := directory + (directoryEntries*4+sectorBytes-1)/sectorBytes
	const tableSectors = cowdEntries * 4 / sectorBytes
	next := firstTable + int64(len(tables))*tableSectors
	out := make([]byte, next*sectorBytes)
	put := func(at, value int64) { binary.LittleEndian.PutUint32(out[at:], uint32(value)) }
	for at, table := range tables {
		put(directory*sectorBytes+at*4, firstTable+table*tableSectors)
	}
	for _, entry := range grains {
		data := entry.data
		if data == nil {
			data = make([]byte, deltaGrainBytes)
		}
		data = data[:min(int64(len(data)), size-entry.grain*deltaGrainBytes)]
		table := firstTable + tables[firstSector(entry)/cowdEntries]*tableSectors
		for sector := range int64(len(data) / sectorBytes) {
			put(table*sectorBytes+(firstSector(entry)%cowdEntries+sector)*4, next)
			next++
		}
		out = append(out, data...)
	}
	copy(out, "COWD")
	for at, value := range map[int64]int64{4: 1, 8: 3, 12: size / sectorBytes, 16: 1, 20: directory, 24: directoryEntries, 28: next} {
		put(at, value)
	}
	return out
}

func firstSector(entry deltaGrain) int64 { return entry.grain * (deltaGrainBytes / sectorBytes) }
