package main

import (
	"bytes"
	"io"
	"maps"
	"os"
	"slices"
)

const (
	sectorBytes = 512
	// The grain of SESparse; COWD stores its eight sectors.
	deltaGrainBytes = 4 << 10
)

// How a host keeps what was written after a snapshot: SESparse on VMFS 6, COWD on VMFS 5.
type deltaFormat struct {
	suffix, createType, extentType, shown string
	encode                                func(size int64, grains []deltaGrain) []byte
}

var deltaFormats = map[string]*deltaFormat{
	"sesparse": {"-sesparse.vmdk", "seSparse", "SESPARSE", "seSparseFormat", sesparse},
	"cowd":     {"-delta.vmdk", "vmfsSparse", "VMFSSPARSE", "redoLogFormat", cowd},
}

type deltaGrain struct {
	grain int64
	data  []byte // nil reads as zeros
}

// Writes the extent of a delta: the grains in which `image` is not as its parent.
func (f *deltaFormat) write(target, image, parent string) error {
	grains, size, err := differentGrains(image, parent)
	if err != nil {
		return err
	}
	return os.WriteFile(target, f.encode(size, grains), 0o600)
}

func differentGrains(image, parent string) ([]deltaGrain, int64, error) {
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
	blocks, err := blocksWithData(deltaGrainBytes, mine, theirs)
	if err != nil {
		return nil, 0, err
	}
	var grains []deltaGrain
	for _, block := range slices.Sorted(maps.Keys(blocks)) {
		now, before := make([]byte, deltaGrainBytes), make([]byte, deltaGrainBytes)
		for file, buffer := range map[*os.File][]byte{mine: now, theirs: before} {
			if _, err := file.ReadAt(buffer, block*deltaGrainBytes); err != nil && err != io.EOF {
				return nil, 0, err
			}
		}
		switch {
		case bytes.Equal(now, before):
		case isZero(now):
			grains = append(grains, deltaGrain{block, nil})
		default:
			grains = append(grains, deltaGrain{block, now})
		}
	}
	return grains, status.Size(), nil
}

func has[K comparable, V any](of map[K]V, key K) bool {
	_, ok := of[key]
	return ok
}
