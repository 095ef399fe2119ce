package main

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

var errNoStream = errors.New("only streamOptimized VMDKs are taken")

// Reads a streamOptimized VMDK from front to back into an image of `capacity` bytes.
func readStream(from io.Reader, image string, capacity int64) error {
	file, err := os.OpenFile(image, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Truncate(capacity); err != nil {
		return err
	}
	reader := bufio.NewReaderSize(from, 1<<20)
	if err := skipHead(reader, capacity); err != nil {
		return err
	}
	for {
		done, err := readPart(reader, file, capacity)
		if done || err != nil {
			return err
		}
	}
}

func skipHead(reader *bufio.Reader, capacity int64) error {
	head := make([]byte, sectorBytes)
	if _, err := io.ReadFull(reader, head); err != nil {
		return errNoStream
	}
	little := binary.LittleEndian
	// compressed grains with markers, and the directory at the end
	const needed = 1<<16 | 1<<17
	if little.Uint32(head) != streamMagic || little.Uint32(head[8:])&needed != needed || little.Uint64(head[20:]) != streamGrainSectors {
		return errNoStream
	}
	if sectors := little.Uint64(head[12:]); sectors*sectorBytes > uint64(capacity) {
		return fmt.Errorf("the stream is of %d sectors, the disk of %d", sectors, capacity/sectorBytes)
	}
	overhead := little.Uint64(head[64:])
	if overhead == 0 || overhead > 1<<20 {
		return errNoStream
	}
	_, err := io.CopyN(io.Discard, reader, int64(overhead-1)*sectorBytes)
	return err
}

// Reads a grain, or a marker and what it announces. Done after the marker of the end.
func readPart(reader *bufio.Reader, file *os.File, capacity int64) (done bool, err error) {
	sector := make([]byte, sectorBytes)
	if _, err := io.ReadFull(reader, sector); err != nil {
		return false, fmt.Errorf("the stream has no end: %w", err)
	}
	value, size := binary.LittleEndian.Uint64(sector), binary.LittleEndian.Uint32(sector[8:])
	if size > 0 {
		return false, readGrain(reader, file, sector[12:], int64(value), int64(size), capacity)
	}
	if kind := binary.LittleEndian.Uint32(sector[12:]); kind == markerEnd {
		return true, nil
	}
	if value > 1<<24 {
		return false, errNoStream
	}
	_, err = io.CopyN(io.Discard, reader, int64(value)*sectorBytes)
	return false, err
}

func readGrain(reader *bufio.Reader, file *os.File, first []byte, lba, size, capacity int64) error {
	if size > 2*streamGrainBytes || lba < 0 || lba*sectorBytes >= capacity {
		return fmt.Errorf("a grain at sector %d is out of bounds", lba)
	}
	packed := append([]byte{}, first[:min(size, int64(len(first)))]...)
	rest := make([]byte, (size+12+sectorBytes-1)/sectorBytes*sectorBytes-sectorBytes)
	if _, err := io.ReadFull(reader, rest); err != nil {
		return err
	}
	packed = append(packed, rest...)[:size]
	unpacker, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(unpacker, streamGrainBytes))
	if err != nil {
		return err
	}
	offset := lba * sectorBytes
	_, err = file.WriteAt(data[:min(int64(len(data)), capacity-offset)], offset)
	return err
}
