package bar

import "testing"

func TestPercentile(t *testing.T) {
	list := make([]int, 100)
	for i := range list {
		list[i] = 100 - i
	}
	for p, want := range map[int]int{1: 1, 50: 50, 99: 99, 100: 100} {
		if got := Percentile(list, p); got != want {
			t.Errorf("percentile %d is %d, want %d", p, got, want)
		}
	}
	if got := Median([]int{7}); got != 7 {
		t.Errorf("median of one is %d", got)
	}
}
