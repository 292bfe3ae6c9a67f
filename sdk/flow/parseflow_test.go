package flow

import "testing"

func TestParseFlowReadsWhatStringPrints(t *testing.T) {
	for _, c := range captures(t) {
		f, err := ParseFlow(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := f.String(); got != c.text {
			t.Errorf("\n- want %s\n-  got %s", c.text, got)
		}
	}
}
