package registration

import "time"

// A row of ours that somebody else changes is changed back. Who does it again and again is a program that takes itself for this chassis:
// then both would do nothing else, so the pauses grow.
const (
	tolerated    = 3           // how often it is changed back at once
	calm         = time.Minute // after what time without it is forgotten
	longestPause = time.Minute
)

// contest counts how often what was written is undone by somebody else.
type contest struct {
	kept   string    // what was wanted when the rows were last as wanted; "": they never were, or were undone since
	undone int       // times in a row
	last   time.Time // when that was
	until  time.Time // it is not written before; zero: it may be
}

// holds takes in that the rows are as wanted.
func (c *contest) holds(want string) { c.kept, c.until = want, time.Time{} }

// differs takes in that they are not, and says whether to write.
func (c *contest) differs(want string, now time.Time) bool {
	if want == c.kept {
		if c.kept = ""; now.Sub(c.last) > calm+longestPause {
			c.undone = 0
		}
		c.undone++
		c.last = now
		if c.undone > tolerated {
			c.until = now.Add(min(time.Second<<min(c.undone-tolerated-1, 10), longestPause))
		}
	}
	return !now.Before(c.until)
}

// due says whether a pause is over, and takes that in.
func (c *contest) due(now time.Time) bool {
	if c.until.IsZero() || now.Before(c.until) {
		return false
	}
	c.until = time.Time{}
	return true
}

// fought says whether somebody else is at it.
func (c *contest) fought(now time.Time) bool {
	return c.undone > tolerated && now.Sub(c.last) <= calm+longestPause
}
