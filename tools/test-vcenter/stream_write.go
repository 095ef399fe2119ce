package main

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// Geometry of a streamOptimized VMDK as ESXi writes it.
const (
	streamMagic         = 0x564d444b
	streamGrainSectors  = 128
	streamGrainBytes    = streamGrainSectors * sectorBytes
	streamTableEntries  = 512
	streamHeadSectors   = 128
	streamDirectoryLast = ^uint64(0)
)

// Kinds of the markers between the grains.
const (
	markerEnd = iota
	markerTable
	markerDirectory
	markerFooter
)

// A streamOptimized VMDK that is written from front to back.
type streamWriter struct {
	to      io.Writer
	sectors uint32
	tables  []uint32
	entries [streamTableEntries]uint32
}

// Writes the bytes of a disk as a streamOptimized VMDK. Calls `next` before each grain.
func writeStream(to io.Writer, exported exportedDisk, next func() error) error {
	file, err := os.Open(exported.image)
	if err != nil {
		return err
	}
	defer file.Close()
	blocks, err := blocksWithData(streamGrainBytes, file)
	if err != nil {
		return err
	}
	grains := (exported.capacity + streamGrainBytes - 1) / streamGrainBytes
	w := &streamWriter{to: to, tables: make([]uint32, (grains+streamTableEntries-1)/streamTableEntries)}
	capacity := uint64(exported.capacity / sectorBytes)
	if err := w.head(capacity); err != nil {
		return err
	}
	for _, grain := range slices.Sorted(maps.Keys(blocks)) {
		if grain >= grains {
			break
		}
		if err := next(); err != nil {
			return err
		}
		if err := w.grain(io.NewSectionReader(file, 0, exported.capacity), grain); err != nil {
			return err
		}
	}
	return w.finish(capacity)
}

func (w *streamWriter) put(bytes []byte) error {
	padded := append(bytes, make([]byte, -len(bytes)&(sectorBytes-1))...)
	w.sectors += uint32(len(padded) / sectorBytes)
	_, err := w.to.Write(padded)
	return err
}

func (w *streamWriter) head(capacity uint64) error {
	descriptor := fmt.Sprintf("# Disk DescriptorFile\nversion=1\nCID=%08x\nparentCID=ffffffff\ncreateType=\"streamOptimized\"\n"+
		"\n# Extent description\nRDONLY %d SPARSE \"disk.vmdk\"\n\n# The Disk Data Base\n#DDB\n\nddb.adapterType = \"lsilogic\"\n",
		newContentID(), capacity)
	head := make([]byte, streamHeadSectors*sectorBytes)
	copy(head, sparseHeader(capacity, streamDirectoryLast))
	copy(head[sectorBytes:], descriptor)
	return w.put(head)
}

func sparseHeader(capacity, directory uint64) []byte {
	head := make([]byte, sectorBytes)
	little := binary.LittleEndian
	little.PutUint32(head, streamMagic)
	little.PutUint32(head[4:], 3)
	// line ends are checked; grains are compressed and have markers
	little.PutUint32(head[8:], 1|1<<16|1<<17)
	little.PutUint64(head[12:], capacity)
	little.PutUint64(head[20:], streamGrainSectors)
	little.PutUint64(head[28:], 1)
	little.PutUint64(head[36:], 20)
	little.PutUint32(head[44:], streamTableEntries)
	little.PutUint64(head[56:], directory)
	little.PutUint64(head[64:], streamHeadSectors)
	copy(head[73:], "\n \r\n\x01")
	return head
}

func (w *streamWriter) grain(file io.ReaderAt, grain int64) error {
	data := make([]byte, streamGrainBytes)
	if _, err := file.ReadAt(data, grain*streamGrainBytes); err != nil && err != io.EOF {
		return err
	}
	if err := w.upTo(grain / streamTableEntries); err != nil {
		return err
	}
	if isZero(data) {
		return nil
	}
	var packed bytes.Buffer
	packed.Write(make([]byte, 12))
	compressor := zlib.NewWriter(&packed)
	if _, err := compressor.Write(data); err != nil {
		return err
	}
	if err := compressor.Close(); err != nil {
		return err
	}
	out := packed.Bytes()
	binary.LittleEndian.PutUint64(out, uint64(grain*streamGrainSectors))
	binary.LittleEndian.PutUint32(out[8:], uint32(len(out)-12))
	w.entries[grain%streamTableEntries] = w.sectors
	w.table(grain / streamTableEntries)
	return w.put(out)
}

// Marks that the table of the grain will be written.
func (w *streamWriter) table(table int64) {
	if w.tables[table] == 0 {
		w.tables[table] = pendingTable
	}
}

const pendingTable = 1

// Writes the table of grains that is pending when it is of before `table`.
func (w *streamWriter) upTo(table int64) error {
	for before := range min(table, int64(len(w.tables))) {
		if w.tables[before] != pendingTable {
			continue
		}
		if err := w.marker(markerTable, streamTableEntries*4/sectorBytes, 0); err != nil {
			return err
		}
		w.tables[before] = w.sectors
		if err := w.put(entriesOf(w.entries[:])); err != nil {
			return err
		}
		clear(w.entries[:])
	}
	return nil
}

func (w *streamWriter) marker(kind uint32, sectors uint64, size uint32) error {
	marker := make([]byte, sectorBytes)
	binary.LittleEndian.PutUint64(marker, sectors)
	binary.LittleEndian.PutUint32(marker[8:], size)
	binary.LittleEndian.PutUint32(marker[12:], kind)
	return w.put(marker)
}

func entriesOf(values []uint32) []byte {
	bytes := make([]byte, 4*len(values))
	for i, value := range values {
		binary.LittleEndian.PutUint32(bytes[4*i:], value)
	}
	return bytes
}

func (w *streamWriter) finish(capacity uint64) error {
	if err := w.upTo(int64(len(w.tables))); err != nil {
		return err
	}
	directory := entriesOf(w.tables)
	if err := w.marker(markerDirectory, uint64((len(directory)+sectorBytes-1)/sectorBytes), 0); err != nil {
		return err
	}
	at := uint64(w.sectors)
	if err := w.put(directory); err != nil {
		return err
	}
	if err := w.marker(markerFooter, 1, 0); err != nil {
		return err
	}
	if err := w.put(sparseHeader(capacity, at)); err != nil {
		return err
	}
	return w.marker(markerEnd, 0, 0)
}
