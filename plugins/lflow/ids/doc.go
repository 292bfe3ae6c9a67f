// Package ids chooses the ids that logical flows need beside what their rows say: of conjunctions, of groups and of meters.
//
// An id is a hash of what it is for, the next free one where two collide. So it is the same after a restart, whatever the order in which
// the rows come, and the switch's flows stay as they are.
//
// An id that nobody uses any more is in limbo until the switch has confirmed that: if its next user came before, packets might meet
// the flows of both. Meanwhile it is kept for what it was for. Both allocators tell time in Generations:
//
//	generation := ids.Told()	// all that was freed so far has been told to the host
//	ids.Confirmed(generation)	// later: the switch has confirmed what was told then
package ids
