package node

// WithoutComments is what goes over SSH of a script.
func WithoutComments(text string) string { return withoutComments(text) }
