package network

import (
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/action"
	"github.com/flowhost/flowhost/plugins/lflow/compiler"
)

func (n *Network) setDHCP(id uuid.UUID, new *sb.DHCPOptions) {
	if delete(n.dhcp, id); new != nil {
		n.dhcp[id] = action.Option{Name: new.Name, Code: uint16(new.Code), Type: action.OptionType(new.Type)}
	}
	n.touch(compiler.OptionTables, "")
}

func (n *Network) setDHCPv6(id uuid.UUID, new *sb.DHCPv6Options) {
	if delete(n.dhcpv6, id); new != nil {
		n.dhcpv6[id] = action.Option{Name: new.Name, Code: uint16(new.Code), Type: action.OptionType(new.Type)}
	}
	n.touch(compiler.OptionTables, "")
}

// OptionTables are the options that the database knows, in the order of their names.
func (n *Network) OptionTables() action.OptionTables {
	return action.OptionTables{DHCPv4: sorted(n.dhcp), DHCPv6: sorted(n.dhcpv6)}
}

func sorted(options map[uuid.UUID]action.Option) []action.Option {
	return slices.SortedFunc(maps.Values(options), func(a, b action.Option) int { return strings.Compare(a.Name, b.Name) })
}
