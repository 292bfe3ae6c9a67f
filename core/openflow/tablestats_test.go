package openflow

import (
	"errors"
	"slices"
	"testing"
)

func TestTableStats(t *testing.T) {
	want := []TableStats{{Table: 3, Active: 7, Looked: 1 << 40, Matched: 9}, {Table: 253}}
	b, mark := BeginMultipartReply(nil, 5, MultipartTableStats, false)
	for _, s := range want {
		b = AppendTableStats(b, s)
	}
	b = EndMultipart(b, mark)
	var got []TableStats
	for s, err := range TableStatsOf(b) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, s)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}

	b, mark = BeginMultipartReply(nil, 5, MultipartTableStats, false)
	b = EndMultipart(append(b, make([]byte, tableStatsLen-1)...), mark)
	for _, err := range TableStatsOf(b) {
		if !errors.Is(err, ErrMessage) {
			t.Errorf("a table cut short: %v", err)
		}
	}
}
