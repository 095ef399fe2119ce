package main

import (
	"crypto/sha256"
	"io"
	"os"
)

// What the blocks of a disk hold at an instant; the zero value stands for a hole.
type digest struct {
	blockBytes int64
	sums       [][sha256.Size]byte
}

type area struct{ start, length int64 }

func digestOf(image string, blockBytes int64) (digest, error) {
	file, err := os.Open(image)
	if err != nil {
		return digest{}, err
	}
	defer file.Close()
	status, err := file.Stat()
	if err != nil {
		return digest{}, err
	}
	blocks, err := blocksWithData(blockBytes, file)
	if err != nil {
		return digest{}, err
	}
	found := digest{blockBytes, make([][sha256.Size]byte, (status.Size()+blockBytes-1)/blockBytes)}
	buffer := make([]byte, blockBytes)
	for block := range blocks {
		count, err := file.ReadAt(buffer, block*blockBytes)
		if err != nil && err != io.EOF {
			return digest{}, err
		}
		found.sums[block] = sha256.Sum256(buffer[:count])
	}
	return found, nil
}

// Where `later` differs, as areas that do not touch. Against the zero value these are the areas in use.
func (d digest) changes(later digest) []area {
	var found []area
	for block, sum := range later.sums {
		if block < len(d.sums) && d.sums[block] == sum || block >= len(d.sums) && sum == [sha256.Size]byte{} {
			continue
		}
		start := int64(block) * later.blockBytes
		if last := len(found) - 1; last >= 0 && found[last].start+found[last].length == start {
			found[last].length += later.blockBytes
			continue
		}
		found = append(found, area{start, later.blockBytes})
	}
	return found
}
