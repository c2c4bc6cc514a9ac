package recovery

import (
	"errors"
	"strings"
)

// Refusal is an error written for the person who has to act on it. Every part is one or two plain sentences.
type Refusal struct {
	Code    Code   // what code goes by
	Title   string // at most 60 characters
	Attempt string // what was tried: the step and the master
	Found   string // what was seen, and what it means
	// Untouched says what has been changed and what has not. Where a rule leaves it out, a decision says how an earlier
	// apply has left things, and a walk how this one does.
	Untouched string
	Next      string // what to do now
	Attribute string // the attribute that is the cause, "" where none is
	Cause     error  // printed last, as it came
}

// Error gives the whole text.
func (r *Refusal) Error() string {
	return strings.ToLower(r.Title[:1]) + r.Title[1:] + ": " + r.Detail()
}

// Detail is all but the title.
func (r *Refusal) Detail() string {
	var b strings.Builder
	for _, part := range []struct{ label, text string }{
		{"", r.Attempt}, {"Found: ", r.Found}, {"Changed: ", r.Untouched}, {"What to do: ", r.Next},
	} {
		if part.text == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(part.label + part.text)
	}
	if r.Cause != nil {
		b.WriteString("\n\n" + r.Cause.Error())
	}
	return Printable(b.String())
}

func (r *Refusal) Unwrap() error { return r.Cause }

// IsRefusal gives the refusal in an error.
func IsRefusal(err error) (*Refusal, bool) {
	var r *Refusal
	return r, errors.As(err, &r)
}

// Refusals returns all refusals that errors.Join has put into an error, in their order.
func Refusals(err error) []*Refusal {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Refusal
		for _, one := range joined.Unwrap() {
			all = append(all, Refusals(one)...)
		}
		return all
	}
	if r, ok := IsRefusal(err); ok {
		return []*Refusal{r}
	}
	return nil
}

// NothingTouched is true of every refusal that comes before the first change, where no earlier apply has made one.
const NothingTouched = "nothing; every file on every master is as it was."

// AsRefusal finds the refusal in an error, or makes one of it.
func AsRefusal(err error, code Code, title string) *Refusal {
	if r, ok := IsRefusal(err); ok {
		return r
	}
	return &Refusal{Code: code, Title: title, Cause: err}
}
