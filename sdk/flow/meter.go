package flow

// MeterID names a meter of the switch.
type MeterID uint32

// maxMeter is the highest meter there can be (OFPM_MAX).
const maxMeter = 0xffff0000
