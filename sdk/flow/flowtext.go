package flow

import "strconv"

const defaultPriority = 32768 // what goes without saying in text

// String is the flow as ovs-ofctl prints it, such as
// "cookie=0x8bc30a5, table=66, priority=100,reg0=0xa00004d actions=drop".
func (f Flow) String() string {
	b := make([]byte, 0, 128)
	if f.Cookie != 0 {
		b = append(b, "cookie=0x"...)
		b = append(strconv.AppendUint(b, uint64(f.Cookie), 16), ", "...)
	}
	n := len(b)
	b = f.Key.append(b)
	if len(b) > n && b[len(b)-1] != ' ' {
		b = append(b, ' ')
	}
	b = append(b, "actions="...)
	return string(f.Actions.append(b))
}

// String is the key as ovs-ofctl prints it, such as "table=66, priority=100,reg0=0xa00004d".
func (k Key) String() string { return string(k.append(nil)) }

func (k Key) append(b []byte) []byte {
	if k.Table != 0 {
		b = append(b, "table="...)
		b = append(strconv.AppendUint(b, uint64(k.Table), 10), ", "...)
	}
	if k.Priority == defaultPriority {
		return appendMatch(b, k.Match)
	}
	b = append(b, "priority="...)
	b = strconv.AppendUint(b, uint64(k.Priority), 10)
	n := len(b)
	if b = appendMatch(append(b, ','), k.Match); len(b) == n+1 { // Open vSwitch shows nothing of some fields
		b = b[:n]
	}
	return b
}

// String is the actions as ovs-ofctl prints them, such as "set_field:0x1->reg0,resubmit(,4)"; "drop" for none. What is not
// canonical is printed in hexadecimal.
func (a Actions) String() string { return string(a.append(nil)) }

func (a Actions) append(b []byte) []byte {
	if a == "" {
		return append(b, "drop"...)
	}
	if !a.IsCanonical() {
		return append(appendLongHex(append(b, "unknown("...), string(a)), ')')
	}
	list, _ := splitInstructions(string(a)) // canonical: no error
	n := len(b)
	for _, at := range list {
		if at[1] == 0 {
			continue
		}
		if len(b) > n {
			b = append(b, ',')
		}
		b = appendInstruction(b, string(a[at[0]:at[1]]))
	}
	return b
}

func appendInstruction(b []byte, s string) []byte {
	switch be16(s, 0) {
	case instructionApply:
		return appendActions(b, s[8:])
	case instructionClear:
		return append(b, "clear_actions"...)
	case instructionWrite:
		b = appendActions(append(b, "write_actions("...), s[8:])
		return append(b, ')')
	case instructionMetadata:
		b = appendHex(append(b, "write_metadata:"...), be64(s, 8))
		if m := be64(s, 16); m != ^uint64(0) {
			b = appendHex(append(b, '/'), m)
		}
		return b
	}
	return strconv.AppendUint(append(b, "goto_table:"...), uint64(s[4]), 10)
}
