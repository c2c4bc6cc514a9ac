package recovery

// segment is the size of a WAL file, which etcd takes up at once when it begins one, as it does when it starts
// (server/storage/wal, SegmentSizeBytes).
const segment = 64 << 20

// CopyNeeds returns how many bytes have to be free for a copy of so many bytes of data and for etcd to start beside it.
// The 5 % are for what the file system itself takes.
func CopyNeeds(bytes int64) int64 { return bytes + bytes/20 + segment }
