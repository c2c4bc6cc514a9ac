package datadir

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"sort"
)

// Pages of a bbolt file (bbolt, internal/common: page.go, meta.go, inode.go, bucket.go). Everything is little endian,
// as every machine is that Kubernetes runs on.
const (
	pageHeader = 16
	metaPage   = 0x04
	branchPage = 0x01
	leafPage   = 0x02
	bucketLeaf = 0x01 // in a leaf: the value is a bucket
	metaMagic  = 0xED0CDAED
	metaBytes  = 64
	maxPage    = 64 << 10
	maxDepth   = 32
	maxItem    = 4 << 20  // of a key and its value
	maxBucket  = 16 << 20 // of a bucket that is read as a whole
	maxPages   = 2000     // that are read of a database; the path to a key is a handful of them
)

// Reader reads a part of a file. It gives fewer bytes only where the file ends.
type Reader interface {
	ReadAt(ctx context.Context, offset int64, length int) ([]byte, error)
}

// bolt is a database as its newest complete transaction left it.
type bolt struct {
	file Reader
	size int64 // of a page
	root uint64
	top  uint64 // no page has this number or a higher one
	txid uint64
	one  bool // the other of the two meta pages is not whole
	read int  // pages so far
}

// item is an element of a page.
type item struct {
	key, value []byte
	child      uint64 // of a branch
	bucket     bool
}

// openBolt reads the two pages that begin every database. The one with the higher transaction counts, unless it is not
// whole.
func openBolt(ctx context.Context, file Reader) (*bolt, error) {
	head, err := file.ReadAt(ctx, 0, maxPage+pageHeader+metaBytes)
	if err != nil {
		return nil, err
	}
	var best *bolt
	whole := 0
	for _, at := range []int{0, 4096, 8192, 16384, 32768, 65536} { // the second one is where the first page ends
		if b := parseMeta(head, at); b != nil && (at == 0 || int64(at) == b.size) {
			whole++
			if best == nil || b.txid > best.txid {
				best = b
			}
		}
	}
	if best == nil {
		return nil, fmt.Errorf("%w: the database begins with no page that is whole", ErrDamaged)
	}
	best.file, best.one = file, whole == 1
	if end, err := file.ReadAt(ctx, int64(best.top)*best.size-1, 1); err != nil || len(end) == 0 {
		return nil, cmp.Or(
			err,
			fmt.Errorf("%w: the database has %d pages, and the file ends before", ErrDamaged, best.top),
		)
	}
	return best, nil
}

func parseMeta(head []byte, at int) *bolt {
	if len(head) < at+pageHeader+metaBytes {
		return nil
	}
	m := head[at+pageHeader : at+pageHeader+metaBytes]
	le := binary.LittleEndian
	sum := fnv.New64a()
	_, _ = sum.Write(m[:metaBytes-8])
	if le.Uint32(m) != metaMagic || le.Uint32(m[4:]) != 2 || le.Uint64(m[56:]) != sum.Sum64() ||
		le.Uint16(head[at+8:])&metaPage == 0 {
		return nil
	}
	b := &bolt{size: int64(le.Uint32(m[8:])), root: le.Uint64(m[16:]), top: le.Uint64(m[40:]), txid: le.Uint64(m[48:])}
	if b.size < 512 || b.size > maxPage || b.size&(b.size-1) != 0 || b.top > 1<<40 || b.root < 2 || b.root >= b.top {
		return nil
	}
	return b
}

// page is one with all that it needs to be searched: its items without their texts.
type page struct {
	file   *bolt
	at     int64  // in the file; -1 for one that is within a value
	inline []byte // such a one
	flags  uint16
	head   []byte // the elements
	count  int
}

func (b *bolt) page(ctx context.Context, number uint64) (*page, error) {
	if number < 2 || number >= b.top {
		return nil, fmt.Errorf("%w: the database leads to page %d, and has %d", ErrDamaged, number, b.top)
	}
	if b.read++; b.read > maxPages {
		return nil, fmt.Errorf("%w: the database has no end", ErrDamaged)
	}
	at := int64(number) * b.size
	text, err := b.file.ReadAt(ctx, at, int(b.size))
	if err != nil {
		return nil, err
	}
	if len(text) < pageHeader || binary.LittleEndian.Uint64(text) != number {
		return nil, fmt.Errorf("%w: page %d of the database is not there", ErrDamaged, number)
	}
	p := &page{
		file:  b,
		at:    at,
		flags: binary.LittleEndian.Uint16(text[8:]),
		count: int(binary.LittleEndian.Uint16(text[10:])),
	}
	if need := pageHeader + p.count*16; need > len(text) {
		if text, err = b.file.ReadAt(ctx, at, need); err != nil {
			return nil, err
		}
	}
	return p, p.take(text)
}

func (p *page) take(text []byte) error {
	if len(text) < pageHeader+p.count*16 || p.flags&^0x10 != branchPage && p.flags&^0x10 != leafPage {
		return fmt.Errorf("%w: a page of the database is neither branch nor leaf, or is cut off", ErrDamaged)
	}
	p.head = text[pageHeader : pageHeader+p.count*16]
	return nil
}

// item gives an element, with its key and as much of its value as is asked for.
func (p *page) item(ctx context.Context, i int, whole bool) (item, error) {
	le := binary.LittleEndian
	e := p.head[i*16 : i*16+16]
	if p.flags&branchPage != 0 {
		if le.Uint32(e[4:]) > maxItem {
			return item{}, fmt.Errorf("%w: a key of the database has %d bytes", ErrDamaged, le.Uint32(e[4:]))
		}
		key, err := p.bytes(ctx, i, le.Uint32(e), le.Uint32(e[4:]))
		return item{key: key, child: le.Uint64(e[8:])}, err
	}
	keyBytes, valueBytes := le.Uint32(e[8:]), le.Uint32(e[12:])
	length := keyBytes
	if whole {
		length += valueBytes
	}
	if keyBytes > maxItem || valueBytes > maxItem && whole {
		return item{}, fmt.Errorf("%w: an item of the database has %d bytes", ErrDamaged, length)
	}
	text, err := p.bytes(ctx, i, le.Uint32(e[4:]), length)
	if err != nil {
		return item{}, err
	}
	return item{key: text[:keyBytes], value: text[keyBytes:], bucket: le.Uint32(e)&bucketLeaf != 0}, nil
}

// bytes reads what an element points to, which counts from the element itself.
func (p *page) bytes(ctx context.Context, i int, pos, length uint32) ([]byte, error) {
	from := int64(pageHeader+i*16) + int64(pos)
	var text []byte
	if p.inline != nil {
		if from < int64(len(p.inline)) {
			text = p.inline[from:min(from+int64(length), int64(len(p.inline)))]
		}
	} else {
		var err error
		if text, err = p.file.file.ReadAt(ctx, p.at+from, int(length)); err != nil {
			return nil, err
		}
	}
	if len(text) < int(length) {
		return nil, fmt.Errorf("%w: an item of the database is cut off", ErrDamaged)
	}
	return text, nil
}

// bucket opens one by its name; nil where there is none.
func (b *bolt) bucket(ctx context.Context, name string) (*page, error) {
	p, err := b.page(ctx, b.root)
	if err != nil {
		return nil, err
	}
	found, err := b.get(ctx, p, name)
	if err != nil || found == nil {
		return nil, err
	}
	if !found.bucket || len(found.value) < 16 {
		return nil, fmt.Errorf("%w: %q is no bucket", ErrDamaged, name)
	}
	if root := binary.LittleEndian.Uint64(found.value); root != 0 {
		return b.page(ctx, root)
	}
	inline := found.value[16:]
	if len(inline) < pageHeader {
		return nil, fmt.Errorf("%w: the bucket %q is cut off", ErrDamaged, name)
	}
	p = &page{
		file:   b,
		at:     -1,
		inline: inline,
		flags:  binary.LittleEndian.Uint16(inline[8:]),
		count:  int(binary.LittleEndian.Uint16(inline[10:])),
	}
	return p, p.take(inline)
}

// get finds a key below a page; nil where it is not there.
func (b *bolt) get(ctx context.Context, p *page, key string) (*item, error) {
	for range maxDepth {
		var failed error
		keyAt := func(i int) string {
			it, err := p.item(ctx, i, false)
			if err != nil {
				failed = err
			}
			return string(it.key)
		}
		i := sort.Search(p.count, func(i int) bool { return failed != nil || keyAt(i) > key }) - 1
		if failed != nil || i < 0 {
			return nil, failed
		}
		it, err := p.item(ctx, i, true)
		if err != nil {
			return nil, err
		}
		if p.flags&leafPage != 0 {
			if string(it.key) != key {
				return nil, nil
			}
			return &it, nil
		}
		if p, err = b.page(ctx, it.child); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: the database has no end", ErrDamaged)
}

// all gives the items of a small bucket, of which there are maxItems at most.
func (b *bolt) all(ctx context.Context, p *page) ([]item, error) {
	var items []item
	bytes := 0
	var walk func(p *page, depth int) error
	walk = func(p *page, depth int) error {
		if depth > maxDepth {
			return fmt.Errorf("%w: the database has no end", ErrDamaged)
		}
		for i := range p.count {
			if len(items) >= maxItems {
				return fmt.Errorf("%w: a bucket has more than %d items", ErrDamaged, maxItems)
			}
			it, err := p.item(ctx, i, true)
			if err != nil {
				return err
			}
			if bytes += len(it.key) + len(it.value); bytes > maxBucket {
				return fmt.Errorf("%w: a bucket has more than %d bytes", ErrDamaged, maxBucket)
			}
			if p.flags&leafPage != 0 {
				items = append(items, it)
				continue
			}
			child, err := b.page(ctx, it.child)
			if err != nil {
				return err
			}
			if err := walk(child, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	err := walk(p, 0)
	return items, err
}

// last gives the greatest key below a page; nil where there is none.
func (b *bolt) last(ctx context.Context, p *page) ([]byte, error) {
	for range maxDepth {
		if p.count == 0 {
			return nil, nil
		}
		it, err := p.item(ctx, p.count-1, false)
		if err != nil || p.flags&leafPage != 0 {
			return it.key, err
		}
		if p, err = b.page(ctx, it.child); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: the database has no end", ErrDamaged)
}
