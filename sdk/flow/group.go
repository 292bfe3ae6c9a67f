package flow

// GroupID names a group of the switch.
type GroupID uint32

// maxGroup is the highest group there can be (OFPG_MAX).
const maxGroup = 0xffffff00
