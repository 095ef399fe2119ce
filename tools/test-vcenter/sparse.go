package main

import (
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"
)

// `whence` of lseek on Linux for the next data and the next hole.
const (
	seekData = 3
	seekHole = 4
)

// Calls `visit` with each stretch of the file that is no hole, in order. Where holes cannot be asked for, all is data.
func eachData(file *os.File, visit func(offset, length int64) error) error {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if runtime.GOOS != "linux" {
		return visit(0, size)
	}
	for offset := int64(0); offset < size; {
		start, err := file.Seek(offset, seekData)
		if errors.Is(err, syscall.ENXIO) {
			return nil
		}
		if err != nil {
			return err
		}
		if offset, err = file.Seek(start, seekHole); err != nil {
			return err
		}
		if err := visit(start, offset-start); err != nil {
			return err
		}
	}
	return nil
}

// Copies a file with its holes. The new file is whole or not there.
func copySparse(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	status, err := source.Stat()
	if err != nil {
		return err
	}
	target, err := os.OpenFile(to+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer target.Close()
	if err := target.Truncate(status.Size()); err != nil {
		return err
	}
	err = eachData(source, func(offset, length int64) error {
		_, err := io.Copy(io.NewOffsetWriter(target, offset), io.NewSectionReader(source, offset, length))
		return err
	})
	if err != nil {
		return err
	}
	return os.Rename(to+".part", to)
}

// The numbers of the blocks of `blockBytes` that hold data in one of the files.
func blocksWithData(blockBytes int64, files ...*os.File) (map[int64]bool, error) {
	blocks := map[int64]bool{}
	for _, file := range files {
		err := eachData(file, func(offset, length int64) error {
			for block := offset / blockBytes; block*blockBytes < offset+length; block++ {
				blocks[block] = true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return blocks, nil
}

func isZero(bytes []byte) bool {
	for _, b := range bytes {
		if b != 0 {
			return false
		}
	}
	return true
}
