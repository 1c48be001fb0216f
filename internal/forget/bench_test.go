package forget

import (
	"fmt"
	"testing"

	"hansei"
	"hansei/internal/record"
)

// BenchmarkForget forgets one of those who are named in a journal of 20,000
// entries; an op is all of it.
func BenchmarkForget(b *testing.B) {
	for range b.N {
		b.StopTimer()
		s, err := record.Open(b.Context(), record.Options{Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Write(b.Context(), who, func(tx *record.Tx) error {
			if err := record.Put(tx, &hansei.Person{Header: hansei.Header{ID: "ann"}, Name: "Ann Lee"}, 0); err != nil {
				return err
			}
			for i := range 20_000 {
				f := &hansei.FollowUp{Header: hansei.Header{ID: hansei.ID(fmt.Sprintf("f%05d", i))}, Title: "Ask somebody about it, in a sentence as long as such are", Status: hansei.FollowUpOpen, Created: tx.Now()}
				if i%50 == 0 {
					f.Owner = "ann"
				}
				if err := record.Put(tx, f, 0); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		c := &Clerk{Records: s, Random: func() string { return "r" }}
		if out, err := c.Forget(b.Context(), who, "ann", "Ann Lee", nil); err != nil || out.Entries != 400 {
			b.Fatalf("got %+v, %v", out, err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
