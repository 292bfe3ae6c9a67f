package dutytest

import (
	"errors"
	"time"

	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// Pick draws one of these.
func Pick[T any](t *rapid.T, from ...T) T { return rapid.SampledFrom(from).Draw(t, "pick") }

// Disturb lets some of what is planned be written, refused, or lost on the way, while edit changes rows. Then it lets the pause after a
// refusal go by.
func (b *Bench) Disturb(t *rapid.T, edit func()) {
	writes := b.Plan(rapid.IntRange(0, 3).Draw(t, "max"))
	edit()
	lost := rapid.Bool().Draw(t, "lost")
	for _, w := range writes {
		done := w.Done
		if lost {
			w.Done = nil
		}
		if Pick(t, "apply", "apply", "refuse") == "apply" {
			_ = b.Apply(w) // which may be refused, for rows have changed
		} else if !lost {
			done(errors.New("refused"))
		}
	}
	if lost {
		b.Duty.Lost(duty.Vswitch)
	}
	for range 2 {
		for _, w := range b.Plan(100) {
			_ = b.Apply(w)
		}
		b.Now = b.Now.Add(2 * time.Minute)
	}
}
