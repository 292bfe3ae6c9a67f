package bar

import (
	"encoding/json"
	"os"
	"strings"
	"time"
)

// PhaseAfter is when a host last entered a phase, if that was after start; zero if it has not. Its log (in JSON) says so; to ask it would
// disturb it.
func PhaseAfter(log, phase string, start time.Time) (at time.Time) {
	text, err := os.ReadFile(log)
	if err != nil {
		return time.Time{}
	}
	for line := range strings.Lines(string(text)) {
		var entry struct {
			Time  string `json:"@timestamp"`
			Phase string `json:"phase"`
		}
		if json.Unmarshal([]byte(line), &entry) != nil || entry.Phase != phase {
			continue
		}
		if t, err := time.Parse(time.RFC3339Nano, entry.Time); err == nil && t.After(start) {
			at = t
		}
	}
	return at
}
