package flow

import "fmt"

// actionAliases are actions of older OpenFlow that ovs-ofctl takes, and what they are over OpenFlow 1.5 (ovs-actions(7)). Some
// depend on what the flow matches, and on the actions before.
func (p *actionParser) alias(arg argument) ([]Action, bool, error) {
	switch arg.key {
	case "mod_dl_src":
		return p.set(EthSrc, arg.value)
	case "mod_dl_dst":
		return p.set(EthDst, arg.value)
	case "mod_nw_src":
		return p.set(IPSrc, arg.value)
	case "mod_nw_dst":
		return p.set(IPDst, arg.value)
	case "mod_nw_ecn":
		return p.set(IPECN, arg.value)
	case "mod_nw_tos":
		v, err := parseUint(arg.value, 8)
		if err == nil && v&3 != 0 {
			err = fmt.Errorf("%q: %w", arg.value, errRange)
		}
		return []Action{SetField(IPDSCP, v>>2)}, true, err
	case "mod_tp_src", "mod_tp_dst":
		f := portField(arg.key, &p.seen)
		if f == nil {
			return nil, true, fmt.Errorf("%w: the protocol", errNeed)
		}
		return p.set(f, arg.value)
	case "set_mpls_label":
		return p.set(MPLSLabel, arg.value)
	case "set_mpls_tc":
		return p.set(MPLSTC, arg.value)
	case "mod_vlan_vid":
		v, err := parseUint(arg.value, 12)
		return p.setVLAN(SetField(VLANVID, v|vlanPresent)), true, err
	case "mod_vlan_pcp":
		v, err := parseUint(arg.value, 3)
		return p.setVLAN(SetField(VLANPCP, v)), true, err
	case "enqueue":
		return p.enqueue(arg)
	case "set_tunnel", "set_tunnel64":
		v, err := parseUint(arg.value, 64)
		return []Action{SetField(TunID, v)}, true, err
	}
	return nil, false, nil
}

func (p *actionParser) set(f *Field, value string) ([]Action, bool, error) {
	t, err := parseTerm(f, argument{value: value})
	return []Action{Set(t)}, true, err
}

// setVLAN adds a tag to set something in, unless there is one.
func (p *actionParser) setVLAN(set Action) []Action {
	if p.seen.vlan {
		return []Action{set}
	}
	p.seen.vlan = true
	return []Action{PushVLAN(0x8100), set}
}

// enqueue reads "port:queue" and "(port,queue)".
func (p *actionParser) enqueue(arg argument) ([]Action, bool, error) {
	l := lexer{text: arg.value}
	first, _, err := l.next()
	if err != nil {
		return nil, true, err
	}
	queue := first.value
	if first.sep == 0 {
		second, _, err := l.next()
		if err != nil {
			return nil, true, err
		}
		queue = second.key
	}
	port, err := parsePort(first.key)
	if err != nil {
		return nil, true, err
	}
	v, err := parseUint(queue, 32)
	return []Action{SetQueue(uint32(v)), Output(Port(port)), PopQueue()}, true, err
}

// setTunnel takes NXAST_SET_TUNNEL, pad(2) tun_id(4), and NXAST_SET_TUNNEL64, pad(6) tun_id(8). Over OpenFlow 1.5 they are a
// set_field.
func (w *rewriter) setTunnel(a string) error {
	if be16(a, 8) == subSetTunnel {
		if err := fixed(a, 16); err != nil {
			return err
		}
		return w.setField(TunID, "\x00\x00\x00\x00"+a[12:16], "")
	}
	if err := fixed(a, 24); err != nil {
		return err
	}
	return w.setField(TunID, a[16:24], "")
}
