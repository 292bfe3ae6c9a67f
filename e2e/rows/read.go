package rows

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// southbound and vswitch are the tables that are compared, and those that are read besides because rows of the former point to them.
var (
	southbound = tables{"OVN_Southbound", []string{"Chassis", "Chassis_Private", "Encap", "Port_Binding"},
		[]string{"Datapath_Binding", "HA_Chassis_Group", "HA_Chassis", "Gateway_Chassis"}}
	vswitch = tables{"Open_vSwitch", []string{"Open_vSwitch", "Bridge", "Port", "Interface", "QoS", "Queue"}, []string{"Datapath"}}
)

type tables struct {
	database        string
	compared, named []string
}

// volatile are columns that tell what happened to come to pass, such as counters: nobody's decision. In nat_addresses, it is ovn-northd's
// order.
var volatile = map[string][]string{
	"Open_vSwitch": {"cur_cfg", "next_cfg", "statistics"},
	"Bridge":       {"datapath_id", "status", "rstp_status"},
	"Port":         {"statistics", "rstp_statistics", "rstp_status", "bond_active_slave"},
	"Port_Binding": {"nat_addresses"},
	"Interface":    {"statistics", "status", "ifindex", "mac_in_use", "link_resets"},
}

// free are values that anybody may choose: only whether there is one counts. What is matched is "TABLE COLUMN", or "TABLE COLUMN:KEY".
var free = regexp.MustCompile(`^(Interface ofport|Interface external_ids:ovn-installed-ts|Bridge external_ids:ovn-(nb-cfg|startup)-ts|` +
	`Bridge external_ids:ct-zone-.*|Chassis_Private nb_cfg_timestamp|Port_Binding tunnel_key)$`)

// raw is a row in the JSON of RFC 7047 §5.1.
type raw map[string]any

// Read reads what a sandbox's databases hold. The text of its folder is "DIR": endpoints have it.
func Read(s *ovstest.Sandbox) (Rows, error) {
	content := make(map[string][]raw)
	if err := errors.Join(southbound.read(s, s.SB(), content), vswitch.read(s, s.OVSDB(), content)); err != nil {
		return nil, err
	}
	n, all := newNames(content, s.Dir), make(Rows)
	for _, table := range slices.Concat(southbound.compared, vswitch.compared) {
		n.rows(table, content[table], all)
	}
	return all, nil
}

// read adds all tables, read in one transaction, so that no row points to one that is not there.
func (t tables) read(s *ovstest.Sandbox, server string, content map[string][]raw) error {
	transaction := []any{t.database}
	names := slices.Concat(t.compared, t.named)
	for _, table := range names {
		transaction = append(transaction, map[string]any{"op": "select", "table": table, "where": []any{}})
	}
	text, err := json.Marshal(transaction)
	if err != nil {
		return err
	}
	out, err := s.Run("ovsdb-client", "transact", server, string(text))
	if err != nil {
		return err
	}
	var answers []struct {
		Rows  []raw
		Error string
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(out)))
	decoder.UseNumber()
	if err := decoder.Decode(&answers); err != nil {
		return fmt.Errorf("select from %s: %w", t.database, err)
	}
	for i, table := range names {
		if answers[i].Error != "" {
			return fmt.Errorf("select from %s: %s", table, answers[i].Error)
		}
		content[table] = answers[i].Rows
	}
	return nil
}
