package datadir

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"google.golang.org/protobuf/encoding/protowire"
)

// Kinds of records in a write-ahead log (etcd, server/storage/wal/wal.go).
const (
	metadataRecord = 1
	entryRecord    = 2
	stateRecord    = 3
	crcRecord      = 4
	snapshotRecord = 5
)

// maxRecord bounds one record. Etcd takes requests of 1.5 MiB unless it was told otherwise; a length beyond this one is
// no length.
const maxRecord = 64 << 20

// errTorn is a record that was not written to its end, as a power loss leaves it. Etcd drops it at its next start.
var errTorn = errors.New("the last record is not whole")

// castagnoli is the polynomial of the running checksum.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// record is one of a segment.
type record struct {
	kind int
	data []byte
	at   int64 // where in the segment its frame begins
}

// frames reads the records of one segment after each other: a length of 8 bytes, a message of that length, and zeros up
// to the next multiple of 8 (etcd, server/storage/wal/decoder.go).
type frames struct {
	in    io.Reader
	table *crc32.Table
	crc   uint32 // of all data so far, also in the segments before
	began uint32 // what it was in the end of the segment before, as this one says
	any   bool   // whether that was said
	at    int64
}

func newFrames(in io.Reader) *frames { return &frames{in: in, table: castagnoli()} }

// next gives the next record, io.EOF where the segment ends or where nothing but the zeros follow that it was made
// with.
func (f *frames) next() (record, error) {
	var head [8]byte
	switch _, err := io.ReadFull(f.in, head[:]); {
	case errors.Is(err, io.EOF):
		return record{}, io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		return record{}, fmt.Errorf("%w: at byte %d", errTorn, f.at)
	case err != nil:
		return record{}, fmt.Errorf("reading the log: %w", err)
	}
	length := binary.LittleEndian.Uint64(head[:])
	if length == 0 {
		return record{}, io.EOF
	}
	size, pad := length&(1<<56-1), uint64(0)
	if length>>63 == 1 { // the upper byte then has the number of zeros
		pad = length >> 56 & 7
	}
	if size > maxRecord { // more than what is left of the file, so etcd takes it for the end, too
		return record{}, fmt.Errorf("%w: at byte %d, which claims a length of %d", errTorn, f.at, size)
	}
	body, err := io.ReadAll(io.LimitReader(f.in, int64(size+pad))) // not made beforehand: the length may be wrong
	if err != nil {
		return record{}, fmt.Errorf("reading the log: %w", err)
	}
	if uint64(len(body)) < size+pad {
		return record{}, fmt.Errorf("%w: at byte %d", errTorn, f.at)
	}
	body = body[:size]
	r, sum, err := parseRecord(body)
	if err == nil {
		err = f.check(r, sum)
	}
	if err != nil {
		if torn(body, f.at+int64(len(head))) {
			return record{}, fmt.Errorf("%w: at byte %d", errTorn, f.at)
		}
		return record{}, fmt.Errorf("%w: the record at byte %d: %w", ErrDamaged, f.at, err)
	}
	r.at = f.at
	f.at += int64(len(head)) + int64(size+pad)
	return r, nil
}

// check compares a record with the running checksum, which a record of its own carries over from the segment before.
func (f *frames) check(r record, sum uint32) error {
	if r.kind == crcRecord {
		if f.any && sum != f.crc {
			return errors.New("its checksum is not that of the records before")
		}
		if !f.any {
			f.began = sum
		}
		f.crc, f.any = sum, true
		return nil
	}
	f.crc = crc32.Update(f.crc, f.table, r.data)
	if f.crc != sum {
		return errors.New("its checksum is wrong")
	}
	return nil
}

// parseRecord reads walpb.Record: 1 type, 2 crc, 3 data.
func parseRecord(b []byte) (r record, sum uint32, err error) {
	err = fields(b, func(number protowire.Number, value uint64, data []byte) {
		switch number {
		case 1:
			r.kind = int(value)
		case 2:
			sum = uint32(value)
		case 3:
			r.data = data
		}
	})
	return r, sum, err
}

// fields calls f for each varint and each length-delimited field of a protobuf message.
func fields(b []byte, f func(number protowire.Number, value uint64, data []byte)) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		switch kind {
		case protowire.VarintType:
			value, n := protowire.ConsumeVarint(b)
			if n < 0 {
				return protowire.ParseError(n)
			}
			f(number, value, nil)
			b = b[n:]
		case protowire.BytesType:
			data, n := protowire.ConsumeBytes(b)
			if n < 0 {
				return protowire.ParseError(n)
			}
			f(number, 0, data)
			b = b[n:]
		default:
			n := protowire.ConsumeFieldValue(number, kind, b)
			if n < 0 {
				return protowire.ParseError(n)
			}
			b = b[n:]
		}
	}
	return nil
}

// torn tells whether a whole sector of a record is zeros: it was written in part when the power went. At is where in
// the segment it begins.
func torn(body []byte, at int64) bool {
	const sector = 512
	for len(body) > 0 {
		n := min(int64(len(body)), sector-at%sector)
		zero := true
		for _, c := range body[:n] {
			zero = zero && c == 0
		}
		if zero {
			return true
		}
		body, at = body[n:], at+n
	}
	return false
}
